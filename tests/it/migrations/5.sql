-- token kc_y67hzjwy7j24_lGamUcBx3RQe17V5ntNCDCZHi3s5QGlNIAxkLyGXzLv2ILm1X 0 {"valid":true,"id":"y67hzjwy7j24","name":"first","owner":"carol","state":"active","scopes":["inference"],"expires_at":"2027-09-01T08:00:00Z"}
-- token kc_k053sncr9e10_r16DpY6SFXY9soKXfeMbV9lVgxyWyUkMBEGOf87e5oj4TSc0t 0 {"valid":true,"id":"k053sncr9e10","name":"web","owner":"alice","state":"active","scopes":["project"],"expires_at":"2027-06-29T09:00:00Z"}
-- token kc_55stj3eat4eh_Fxtru7NICHjO5nfh6smH0VEFTLDTQrq8fY7jSM2XwGU2BksbG 1 {"valid":false,"reason":"unknown"}
-- token kc_s5n42ggc0erp_82ai4lPgiwRl1vSvZEtFShjptG2pIUi2aTOoOpXFxbo1GqNYr 0 {"valid":true,"id":"s5n42ggc0erp","name":"ci","owner":"alice","state":"phased-out","scopes":["inference","project"],"expires_at":"2027-09-03T10:00:00Z","usable_until":"2027-01-30T09:00:00Z","replaced_by":"jpad5v1py0gh"}
-- token kc_9be0nad5mtm5_pNm1x1ZumdvkXsqgtjfGCYoeusVq01IqR8KShw15Z5u0lGsD4 1 {"valid":false,"reason":"phased-out","id":"9be0nad5mtm5","name":"night","owner":"alice","state":"phased-out","since":"2026-10-02T09:00:00Z","replaced_by":"68g1w7tpjn5t","expires_at":"2027-09-03T11:00:00Z","usable_until":"2026-10-02T09:00:00Z"}
-- token kc_84ph1wdstk0v_1UKuUYfuxGARC58adFnW60s2ed2aVLr9P0yi5R8i0xG1b0TIp 1 {"valid":false,"reason":"expired","id":"84ph1wdstk0v","name":"short","owner":"alice","state":"expired","since":"2026-10-04T09:00:00Z","expires_at":"2026-10-04T09:00:00Z"}
-- token kc_rmcbxqxtvjvg_SanGXSLhT70FkmiXKe9YBo2UIFf1bd11XwyUaJkEOH81QQxcV 1 {"valid":false,"reason":"disabled","id":"rmcbxqxtvjvg","name":"off","owner":"alice","state":"disabled","since":"2026-09-05T10:00:00Z","by":"carol","expires_at":"2027-09-05T09:00:00Z"}
-- token kc_pb1y2xdy3w0c_LRXzWnvR4ePoyNsQpM40vqqeD3BRbXGY0Cl5YWXVRhe28nD2o 0 {"valid":true,"id":"pb1y2xdy3w0c","name":"back","owner":"alice","state":"active","scopes":["inference"],"expires_at":"2027-09-06T09:00:00Z"}
-- token kc_1eghkz50be52_RQWg9b11nVqdLuum9K9v71ZZ6d7eElX7TNxqBUCzUZf3nFQcc 1 {"valid":false,"reason":"unknown"}
-- token kc_xy3zrbkxs8c2_SmGnpo7waGHBrK8eYG0WYY8Y7oTEHIUcNE37N70vKpU0em6SJ 0 {"valid":true,"id":"xy3zrbkxs8c2","name":"café","owner":"bob","state":"active","scopes":["inference"],"expires_at":"2027-09-08T09:00:00Z"}
-- token kc_kwy8kr4yqpsa_An0r3Db6G5DkCPIpc2BkpPEfq7wPSLSFZt5HI8GmKNv4b1sPt 0 {"valid":true,"id":"kwy8kr4yqpsa","name":"robot","owner":"carol","state":"active","scopes":[],"expires_at":null}
-- token kc_d56yj4f77n2n_kK12DYGQkZvchsE8yq8rGV3H3vntjpzAf1sCZW01exG0OsQTT 1 {"valid":false,"reason":"disabled","id":"d56yj4f77n2n","name":"arm","owner":"carol","state":"disabled","since":"2026-09-09T11:00:00Z","by":"carol"}
-- token kc_3v9fx8p8qz6f_EQlAG77V6BZA3cdoxHy8f3YHUG9CgV5FHADOGCTXBxY49Z7u1 0 {"valid":true,"id":"3v9fx8p8qz6f","name":"drawer","owner":"bob","state":"active","scopes":["pictures"],"expires_at":"2027-09-10T09:00:00Z"}
-- token kc_049tk91v8nwn_P7YJc12xEQaLyT7CU76VX7yyvBNXNeHfIxBXN9bbnRY3L3NcJ 0 {"valid":true,"id":"049tk91v8nwn","name":"fast","owner":"bob","state":"active","scopes":["inference"],"expires_at":"2027-09-11T10:00:00Z"}
-- token kc_pvccjaneavef_ATaiMeZ0x3EotKETq5B70MNOlFuldxIekEB0WbIPRhi2MrCB5 6 {"valid":false,"reason":"address","id":"pvccjaneavef","name":"office","owner":"bob","state":"active","expires_at":"2027-09-13T09:00:00Z"}
-- token kc_68g1w7tpjn5t_nwNwjfCN64V3zyRu7MCku4W3FEgF8t90lPcyJuBvZWT0tpiYi 0 {"valid":true,"id":"68g1w7tpjn5t","name":"night","owner":"alice","state":"active","scopes":["inference"],"expires_at":"2027-10-01T09:00:00Z"}
-- token kc_jpad5v1py0gh_f0UjeaWVq5S6RnKwtVNBBRUvA2zVkVTPQDNhfTsNtFC13egIR 0 {"valid":true,"id":"jpad5v1py0gh","name":"ci","owner":"alice","state":"active","scopes":["inference","project"],"expires_at":"2027-11-01T09:00:00Z"}
-- key {"id":"y67hzjwy7j24","name":"first","owner":"carol","kind":"api","state":"active","usable":true,"scopes":["inference"],"labels":{},"allow_from":[],"created_at":"2026-09-01T08:00:00Z","created_by":"carol","expires_at":"2027-09-01T08:00:00Z","first_used_at":null,"last_used_at":null,"usable_until":null,"disabled_at":null,"deleted_at":null,"replaces":null,"replaced_by":null}
-- key {"id":"k053sncr9e10","name":"web","owner":"alice","kind":"api","state":"active","usable":true,"scopes":["project"],"labels":{"note":"say \"yes\" \\o/","team":"search"},"allow_from":[],"created_at":"2026-09-02T09:00:00Z","created_by":"alice","expires_at":"2027-06-29T09:00:00Z","first_used_at":"2026-11-20T09:00:00Z","last_used_at":"2026-11-20T09:00:00Z","usable_until":null,"disabled_at":null,"deleted_at":null,"replaces":null,"replaced_by":null}
-- key {"id":"s5n42ggc0erp","name":"ci","owner":"alice","kind":"api","state":"phased-out","usable":true,"scopes":["inference","project"],"labels":{"a":"b"},"allow_from":[],"created_at":"2026-09-03T10:00:00Z","created_by":"alice","expires_at":"2027-09-03T10:00:00Z","first_used_at":null,"last_used_at":null,"usable_until":"2027-01-30T09:00:00Z","disabled_at":null,"deleted_at":null,"replaces":null,"replaced_by":"jpad5v1py0gh"}
-- key {"id":"9be0nad5mtm5","name":"night","owner":"alice","kind":"api","state":"phased-out","usable":false,"scopes":["inference"],"labels":{},"allow_from":[],"created_at":"2026-09-03T11:00:00Z","created_by":"alice","expires_at":"2027-09-03T11:00:00Z","first_used_at":null,"last_used_at":null,"usable_until":"2026-10-02T09:00:00Z","disabled_at":null,"deleted_at":null,"replaces":null,"replaced_by":"68g1w7tpjn5t"}
-- key {"id":"84ph1wdstk0v","name":"short","owner":"alice","kind":"api","state":"expired","usable":false,"scopes":["inference"],"labels":{},"allow_from":[],"created_at":"2026-09-04T09:00:00Z","created_by":"alice","expires_at":"2026-10-04T09:00:00Z","first_used_at":null,"last_used_at":null,"usable_until":null,"disabled_at":null,"deleted_at":null,"replaces":null,"replaced_by":null}
-- key {"id":"rmcbxqxtvjvg","name":"off","owner":"alice","kind":"api","state":"disabled","usable":false,"scopes":["inference"],"labels":{},"allow_from":[],"created_at":"2026-09-05T09:00:00Z","created_by":"alice","expires_at":"2027-09-05T09:00:00Z","first_used_at":null,"last_used_at":null,"usable_until":null,"disabled_at":"2026-09-05T10:00:00Z","deleted_at":null,"replaces":null,"replaced_by":null}
-- key {"id":"pb1y2xdy3w0c","name":"back","owner":"alice","kind":"api","state":"active","usable":true,"scopes":["inference"],"labels":{},"allow_from":[],"created_at":"2026-09-06T09:00:00Z","created_by":"alice","expires_at":"2027-09-06T09:00:00Z","first_used_at":null,"last_used_at":null,"usable_until":null,"disabled_at":null,"deleted_at":null,"replaces":null,"replaced_by":null}
-- key {"id":"1eghkz50be52","name":"gone","owner":"alice","kind":"api","state":"deleted","usable":false,"scopes":["project"],"labels":{"team":"search"},"allow_from":[],"created_at":"2026-09-07T09:00:00Z","created_by":"alice","expires_at":"2027-09-07T09:00:00Z","first_used_at":null,"last_used_at":null,"usable_until":null,"disabled_at":null,"deleted_at":"2026-09-07T10:00:00Z","replaces":null,"replaced_by":null}
-- key {"id":"xy3zrbkxs8c2","name":"café","owner":"bob","kind":"api","state":"active","usable":true,"scopes":["inference"],"labels":{},"allow_from":[],"created_at":"2026-09-08T09:00:00Z","created_by":"bob","expires_at":"2027-09-08T09:00:00Z","first_used_at":null,"last_used_at":null,"usable_until":null,"disabled_at":null,"deleted_at":null,"replaces":null,"replaced_by":null}
-- key {"id":"kwy8kr4yqpsa","name":"robot","owner":"carol","kind":"legacy","state":"active","usable":true,"scopes":[],"labels":{"team":"ops"},"allow_from":[],"created_at":"2026-09-09T09:00:00Z","created_by":"carol","expires_at":null,"first_used_at":null,"last_used_at":null,"usable_until":null,"disabled_at":null,"deleted_at":null,"replaces":null,"replaced_by":null}
-- key {"id":"d56yj4f77n2n","name":"arm","owner":"carol","kind":"legacy","state":"disabled","usable":false,"scopes":[],"labels":{},"allow_from":[],"created_at":"2026-09-09T10:00:00Z","created_by":"carol","expires_at":null,"first_used_at":null,"last_used_at":null,"usable_until":null,"disabled_at":"2026-09-09T11:00:00Z","deleted_at":null,"replaces":null,"replaced_by":null}
-- key {"id":"3v9fx8p8qz6f","name":"drawer","owner":"bob","kind":"api","state":"active","usable":true,"scopes":["pictures"],"labels":{},"allow_from":[],"created_at":"2026-09-10T09:00:00Z","created_by":"bob","expires_at":"2027-09-10T09:00:00Z","first_used_at":null,"last_used_at":null,"usable_until":null,"disabled_at":null,"deleted_at":null,"replaces":null,"replaced_by":null}
-- key {"id":"049tk91v8nwn","name":"fast","owner":"bob","kind":"api","state":"active","usable":true,"scopes":["inference"],"labels":{},"allow_from":[],"created_at":"2026-09-11T10:00:00Z","created_by":"bob","expires_at":"2027-09-11T10:00:00Z","first_used_at":null,"last_used_at":null,"usable_until":null,"disabled_at":null,"deleted_at":null,"replaces":null,"replaced_by":null}
-- key {"id":"pvccjaneavef","name":"office","owner":"bob","kind":"api","state":"active","usable":true,"scopes":["inference"],"labels":{},"allow_from":["192.0.2.0/24"],"created_at":"2026-09-13T09:00:00Z","created_by":"bob","expires_at":"2027-09-13T09:00:00Z","first_used_at":null,"last_used_at":null,"usable_until":null,"disabled_at":null,"deleted_at":null,"replaces":null,"replaced_by":null}
-- key {"id":"68g1w7tpjn5t","name":"night","owner":"alice","kind":"api","state":"active","usable":true,"scopes":["inference"],"labels":{},"allow_from":[],"created_at":"2026-10-01T09:00:00Z","created_by":"alice","expires_at":"2027-10-01T09:00:00Z","first_used_at":null,"last_used_at":null,"usable_until":null,"disabled_at":null,"deleted_at":null,"replaces":"9be0nad5mtm5","replaced_by":null}
-- key {"id":"jpad5v1py0gh","name":"ci","owner":"alice","kind":"api","state":"active","usable":true,"scopes":["inference","project"],"labels":{"a":"b"},"allow_from":[],"created_at":"2026-11-01T09:00:00Z","created_by":"alice","expires_at":"2027-11-01T09:00:00Z","first_used_at":null,"last_used_at":null,"usable_until":null,"disabled_at":null,"deleted_at":null,"replaces":"s5n42ggc0erp","replaced_by":null}
-- head 38:563b903e4cb1e6870fee420a281f28bf7529c2ca24dfb9d0fc1d74a7732e4c17
PRAGMA application_id = 1801679980;
PRAGMA user_version = 5;
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE keys (
    seq          INTEGER PRIMARY KEY,
    id           TEXT NOT NULL UNIQUE,
    name         TEXT NOT NULL,
    owner        TEXT NOT NULL,
    kind         TEXT NOT NULL CHECK (kind IN ('api', 'legacy')),
    hash         TEXT,
    created_at   INTEGER NOT NULL,
    created_by   TEXT NOT NULL,
    expires_at   INTEGER,
    last_used_at INTEGER,
    grace_from   INTEGER,
    usable_until INTEGER,
    disabled_at  INTEGER,
    disabled_by  TEXT,
    deleted_at   INTEGER,
    -- No foreign keys: after a purge, lineage may name an ID that is gone.
    replaces     TEXT,
    replaced_by  TEXT,
    scopes       TEXT,
    labels       TEXT,
    allow_from   TEXT,
    first_used_at INTEGER,
    CHECK ((hash IS NULL) = (deleted_at IS NOT NULL)),
    CHECK ((grace_from IS NULL) = (usable_until IS NULL)),
    CHECK ((disabled_at IS NULL) = (disabled_by IS NULL))
) STRICT;
INSERT INTO keys VALUES(1,'y67hzjwy7j24','first','carol','api','$argon2id$v=19$m=7168,t=5,p=1$wd8bh3XeC73/XLPAX5QNjw$DtwginBs/IfbWQru9LXhErFM9g42DWDsi+6+U5qhoao',1788249600000,'carol',1819785600000,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'inference','{}',NULL,NULL);
INSERT INTO keys VALUES(2,'k053sncr9e10','web','alice','api','$argon2id$v=19$m=7168,t=5,p=1$CRpGEdCrReJNT7/C+xXqgg$M1XdQRQhfYwSxduHVw1GzJHBDOY8OoNQyrdlbFOtTYg',1788339600000,'alice',1814259600000,1795165200000,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'project','{"note":"say \"yes\" \\o/","team":"search"}',NULL,1795165200000);
INSERT INTO keys VALUES(3,'s5n42ggc0erp','ci','alice','api','$argon2id$v=19$m=7168,t=5,p=1$DnrlaQJONh65PSBRxqoMXA$bC3tEjEASBB3M+Y6CxbI4h0CyCvT0PmrP/3Q3zGZwrs',1788429600000,'alice',1819965600000,NULL,1793523600000,1801299600000,NULL,NULL,NULL,NULL,'jpad5v1py0gh','inference project','{"a":"b"}',NULL,NULL);
INSERT INTO keys VALUES(4,'9be0nad5mtm5','night','alice','api','$argon2id$v=19$m=7168,t=5,p=1$jXs48P36IgjnH53QyI4lFg$2oMjv/Q/igJLDD260UgwBTd/Zezxfm9F0FLGtFqTGO8',1788433200000,'alice',1819969200000,NULL,1790845200000,1790931600000,NULL,NULL,NULL,NULL,'68g1w7tpjn5t','inference','{}',NULL,NULL);
INSERT INTO keys VALUES(5,'84ph1wdstk0v','short','alice','api','$argon2id$v=19$m=7168,t=5,p=1$r+L4j+7E+bLVxolAIKeWFg$zeI2umpimgS4b+pFitSo6sxL0Mof+wEHJMr535QmDhM',1788512400000,'alice',1791104400000,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'inference','{}',NULL,NULL);
INSERT INTO keys VALUES(6,'rmcbxqxtvjvg','off','alice','api','$argon2id$v=19$m=7168,t=5,p=1$NbUIiiOKoZOtzhKZqQgxAg$SilwNcFdR34vEcgo9A29Uwt62+Dytp81H+HwgVeftlk',1788598800000,'alice',1820134800000,NULL,NULL,NULL,1788602400000,'carol',NULL,NULL,NULL,'inference','{}',NULL,NULL);
INSERT INTO keys VALUES(7,'pb1y2xdy3w0c','back','alice','api','$argon2id$v=19$m=7168,t=5,p=1$lIVM0LoG8T+YV+eTGF5dwg$Fd/ZF2a+WYFcYAJsFAVPif+FaWIJJuUgJjauoEOiUiU',1788685200000,'alice',1820221200000,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'inference','{}',NULL,NULL);
INSERT INTO keys VALUES(8,'1eghkz50be52','gone','alice','api',NULL,1788771600000,'alice',1820307600000,NULL,NULL,NULL,NULL,NULL,1788775200000,NULL,NULL,'project','{"team":"search"}',NULL,NULL);
INSERT INTO keys VALUES(9,'xy3zrbkxs8c2','café','bob','api','$argon2id$v=19$m=7168,t=5,p=1$Hk5xvBtYPImKavi5el3LMQ$kUlb2G6TDWLCFNG+VzFt3JxA68BkanKndenmE1/zEn4',1788858000000,'bob',1820394000000,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'inference','{}',NULL,NULL);
INSERT INTO keys VALUES(10,'kwy8kr4yqpsa','robot','carol','legacy','$argon2id$v=19$m=7168,t=5,p=1$dRM4oXKpIeqlCTqoRtwO0A$CqyI/h88rpHJiPUFziS17yI+rBxc3pBz+SAQTFjXG9U',1788944400000,'carol',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'','{"team":"ops"}',NULL,NULL);
INSERT INTO keys VALUES(11,'d56yj4f77n2n','arm','carol','legacy','$argon2id$v=19$m=7168,t=5,p=1$kXuntn5m4xH3EMqZrxYbAQ$Sv22JsMVVzIe9ys6UngzDb+hkHA450puGM4Fyhbsvf8',1788948000000,'carol',NULL,NULL,NULL,NULL,1788951600000,'carol',NULL,NULL,NULL,'','{}',NULL,NULL);
INSERT INTO keys VALUES(12,'3v9fx8p8qz6f','drawer','bob','api','$argon2id$v=19$m=7168,t=5,p=1$5NOt7Hdp14qzotAsxkobDw$cXZOk1ZZIiKtc2HZ4wemNi0aiW3BiMMcKXrWiwO0YL8',1789030800000,'bob',1820566800000,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'pictures','{}',NULL,NULL);
INSERT INTO keys VALUES(13,'049tk91v8nwn','fast','bob','api','$sha256$EIYlOPUXDfp/9ArlbwvnwpJMRHxyps7d5R2nIsDmk9k',1789120800000,'bob',1820656800000,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'inference','{}',NULL,NULL);
INSERT INTO keys VALUES(14,'pvccjaneavef','office','bob','api','$argon2id$v=19$m=7168,t=5,p=1$X0PBbhNF5kekFr6QFlzhiw$Ad3mAVLeWhAb82kgUw7rM5J5h/y6Djn6NcYV79tYgek',1789290000000,'bob',1820826000000,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'inference','{}','192.0.2.0/24',NULL);
INSERT INTO keys VALUES(15,'68g1w7tpjn5t','night','alice','api','$argon2id$v=19$m=7168,t=5,p=1$+4+j4BQ8ztsWLBAmsW0XkA$MjM0P6ymVjGeL23gXRWpb+orRBJcI2ykZyypwG90I0c',1790845200000,'alice',1822381200000,NULL,NULL,NULL,NULL,NULL,NULL,'9be0nad5mtm5',NULL,'inference','{}',NULL,NULL);
INSERT INTO keys VALUES(16,'jpad5v1py0gh','ci','alice','api','$argon2id$v=19$m=7168,t=5,p=1$Agu8BRdjBPlxGhwmnNtIhQ$3LSmcy1fCobsUfYS9Wcxv0e4dmGgFeIhD/daCOzmNZg',1793523600000,'alice',1825059600000,NULL,NULL,NULL,NULL,NULL,NULL,'s5n42ggc0erp',NULL,'inference project','{"a":"b"}',NULL,NULL);
CREATE TABLE scopes (
    name        TEXT PRIMARY KEY,
    description TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO scopes VALUES('inference','make inferences on trained models');
INSERT INTO scopes VALUES('pictures','drawings');
INSERT INTO scopes VALUES('project','manage projects, upload data sets, train models, make predictions');
CREATE TABLE scope_implies (
    name    TEXT NOT NULL REFERENCES scopes,
    implied TEXT NOT NULL REFERENCES scopes,
    PRIMARY KEY (name, implied)
) STRICT, WITHOUT ROWID;
INSERT INTO scope_implies VALUES('pictures','inference');
INSERT INTO scope_implies VALUES('project','inference');
CREATE TABLE policy (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO policy VALUES('default-grace','7d');
CREATE TABLE administrators (
    name TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;
INSERT INTO administrators VALUES('carol');
INSERT INTO administrators VALUES('dora');
CREATE TABLE events (
    seq    INTEGER PRIMARY KEY,
    at     INTEGER NOT NULL,
    actor  TEXT NOT NULL,
    action TEXT NOT NULL,
    key_id TEXT,
    detail TEXT NOT NULL,
    hash   BLOB NOT NULL
) STRICT;
INSERT INTO events VALUES(1,1788249600000,'carol','init',NULL,'{"administrator":"carol","uid":0}',X'172ae54ac4abd8acb44d52febfe2ea6ad97ab0fb6f76ebfd8ec810f54e9c17de');
INSERT INTO events VALUES(2,1788249600000,'carol','create','y67hzjwy7j24','{"expires_at":"2027-09-01T08:00:00Z","kind":"api","labels":{},"name":"first","owner":"carol","scopes":["inference"],"uid":0}',X'0900456c9cc045b699c5f8b0f0b889c3def43d65fda528b6fadd35710e4f29a8');
INSERT INTO events VALUES(3,1788250200000,'carol','policy',NULL,'{"name":"default-grace","new":"7d","old":"0s","uid":0}',X'd0184bb275b6dc35a258a10438b8799358de9522bff034887c739b312c681284');
INSERT INTO events VALUES(4,1788250800000,'carol','scope-add',NULL,'{"description":"drawings","implies":["inference"],"scope":"pictures","uid":0}',X'6971c0ae029c1aab5af6727705b24acd140634fbff2f4b4b9f414195f0cfd478');
INSERT INTO events VALUES(5,1788251400000,'carol','member-add',NULL,'{"project":"search","role":{"new":"owner","old":null},"uid":0,"user":"alice"}',X'58b81cecbaf9be553742e0ef9c0591fe0ea2423e4d32d9a5cddab809acdee0bc');
INSERT INTO events VALUES(6,1788251460000,'carol','member-add',NULL,'{"project":"search","role":{"new":"collaborator","old":null},"uid":0,"user":"bob"}',X'6895999bfd0b969c1918677122f2eb3829c86623ac0e8f0dc2a87f0ca4498079');
INSERT INTO events VALUES(7,1788252000000,'carol','admin-add',NULL,'{"uid":0,"user":"dora"}',X'0f0da1513388d38f2eb4486b2e915abe7afebcbdcfd4d78824f5414c41173740');
INSERT INTO events VALUES(8,1788339600000,'alice','create','k053sncr9e10','{"expires_at":"2027-06-29T09:00:00Z","kind":"api","labels":{"team":"search"},"name":"web","owner":"alice","scopes":["project"],"uid":0}',X'ce64b3fde675a80c5806b70e64bdbbabf8a295f64b25fb9c4cec08b01265c127');
INSERT INTO events VALUES(9,1788340200000,'alice','edit','k053sncr9e10','{"labels":{"new":{"note":"say \"yes\" \\o/","team":"search"},"old":{"team":"search"}},"reason":"noted","uid":0}',X'b47cf67909ca30df51162cc87bd2a99a9c2805a235f82ab5397882e0fd0fd134');
INSERT INTO events VALUES(10,1788340800000,'bob','create','55stj3eat4eh','{"expires_at":"2026-09-02T10:20:00Z","kind":"api","labels":{},"name":"old","owner":"bob","scopes":["inference"],"uid":0}',X'c2b290bad2dba571c55d990388377d7c6b71480fca3481199ae3875f5dc03bc7');
INSERT INTO events VALUES(11,1788426000000,'carol','purge','55stj3eat4eh','{"name":"old","owner":"bob","reason":"tidy","state":"expired","uid":0}',X'9b4e1e3f44b28f33b1ea55d08f40721460baabb1fb3191a035b44cdef079ba8c');
INSERT INTO events VALUES(12,1788429600000,'alice','create','s5n42ggc0erp','{"expires_at":"2027-09-03T10:00:00Z","kind":"api","labels":{"a":"b"},"name":"ci","owner":"alice","scopes":["inference","project"],"uid":0}',X'eb2d38892c50380cc63322d2d452d64cad3a7d8b0d0eee98bd91aed5bf0d9daf');
INSERT INTO events VALUES(13,1788433200000,'alice','create','9be0nad5mtm5','{"expires_at":"2027-09-03T11:00:00Z","kind":"api","labels":{},"name":"night","owner":"alice","scopes":["inference"],"uid":0}',X'29c13a70e6a137409c83894383ae934164c01d316f445ec5e5771238af73a006');
INSERT INTO events VALUES(14,1788512400000,'alice','create','84ph1wdstk0v','{"expires_at":"2026-10-04T09:00:00Z","kind":"api","labels":{},"name":"short","owner":"alice","scopes":["inference"],"uid":0}',X'ec82231d2d2c5c1e57bea9bbb3dfb20e8d07b9c5fb4fc856567f6e589fed3a1b');
INSERT INTO events VALUES(15,1788598800000,'alice','create','rmcbxqxtvjvg','{"expires_at":"2027-09-05T09:00:00Z","kind":"api","labels":{},"name":"off","owner":"alice","scopes":["inference"],"uid":0}',X'8d02b3eef57c4cf3059bc2c3a5e160fce0b0d98229307095374c2a872f9204a2');
INSERT INTO events VALUES(16,1788602400000,'carol','disable','rmcbxqxtvjvg','{"reason":"left","uid":0}',X'f764cf29eb55e0f13d040934806dfc6b5febb6ceaade768ccf08f66055ee55a6');
INSERT INTO events VALUES(17,1788685200000,'alice','create','pb1y2xdy3w0c','{"expires_at":"2027-09-06T09:00:00Z","kind":"api","labels":{},"name":"back","owner":"alice","scopes":["inference"],"uid":0}',X'3963dd23e5c308b4e1574ad9f7e1bb8d7dd923c101d6cae8c99a836069bce6b6');
INSERT INTO events VALUES(18,1788688800000,'alice','disable','pb1y2xdy3w0c','{"uid":0}',X'89313f196b9a18dfeed028b6c604c9948170d266fcdabccb9c86121ab807b47e');
INSERT INTO events VALUES(19,1788692400000,'alice','enable','pb1y2xdy3w0c','{"uid":0}',X'8b61acd3cda72cd46c63b67eba5dccd57ab567a5f2483917ab32255c96e5d903');
INSERT INTO events VALUES(20,1788771600000,'alice','create','1eghkz50be52','{"expires_at":"2027-09-07T09:00:00Z","kind":"api","labels":{"team":"search"},"name":"gone","owner":"alice","scopes":["project"],"uid":0}',X'60058b6c8d6c7288e10686d0d0b0eda32fc36cdd4213e64401e7fed6852a6339');
INSERT INTO events VALUES(21,1788775200000,'alice','delete','1eghkz50be52','{"reason":"leaked","uid":0}',X'c8153ded689cf93a0014ae5348f0e2dd5e6b3d50dd2c15f4857db199e8255457');
INSERT INTO events VALUES(22,1788858000000,'bob','create','xy3zrbkxs8c2','{"expires_at":"2027-09-08T09:00:00Z","kind":"api","labels":{},"name":"café","owner":"bob","scopes":["inference"],"uid":0}',X'ff2b2486647bc885d4b017e7b7acf2ffb6a0d77578237a63e239d32d9402e6a7');
INSERT INTO events VALUES(23,1788944400000,'carol','create','kwy8kr4yqpsa','{"expires_at":null,"kind":"legacy","labels":{"team":"ops"},"name":"robot","owner":"carol","scopes":[],"uid":0}',X'7b0038e14dd1943e8e7db5e624ec23b8a8ffa59abdf51425a0f65789207eba73');
INSERT INTO events VALUES(24,1788948000000,'carol','create','d56yj4f77n2n','{"expires_at":null,"kind":"legacy","labels":{},"name":"arm","owner":"carol","scopes":[],"uid":0}',X'cce15fae92a83bad598e5d014435de0598c3c1f4f0e2ef8449556e12f121c335');
INSERT INTO events VALUES(25,1788951600000,'carol','disable','d56yj4f77n2n','{"uid":0}',X'f821c712486c0cb760e4e7de541f8884645d32a2b20b5d99600b650742ae5ce9');
INSERT INTO events VALUES(26,1789030800000,'bob','create','3v9fx8p8qz6f','{"expires_at":"2027-09-10T09:00:00Z","kind":"api","labels":{},"name":"drawer","owner":"bob","scopes":["pictures"],"uid":0}',X'ffca04b0e8014d7fa40d2514ba67849ba0cc5f9b4905c3d5c645b905154d70e4');
INSERT INTO events VALUES(27,1789117200000,'carol','policy',NULL,'{"name":"hash","new":"sha256","old":"argon2id","uid":0}',X'9657504bcce322bcefb3e941d40289b0186304059081002ba97f5c830edd7d84');
INSERT INTO events VALUES(28,1789120800000,'bob','create','049tk91v8nwn','{"expires_at":"2027-09-11T10:00:00Z","kind":"api","labels":{},"name":"fast","owner":"bob","scopes":["inference"],"uid":0}',X'89ba21c3903bbe05b323b8a38e16d7c6736d30e5ea40222737097e19b9a93915');
INSERT INTO events VALUES(29,1789124400000,'carol','policy',NULL,'{"name":"hash","new":"argon2id","old":"sha256","uid":0}',X'0f7bddbe20e78c4206221de481fa5cfb99d20677b8e5e0de04a7bf8f1cb30697');
INSERT INTO events VALUES(30,1789203600000,'bob','refuse',NULL,'{"code":"policy","command":"create","message":"expiry 2029-09-11T09:00:00Z is later than policy allows: the latest is 2027-09-12T09:00:00Z","uid":0}',X'52b5483cc9e7c531009ec4a6be5afc6df97fd457a8832be2a3d28bc293966c93');
INSERT INTO events VALUES(31,1789290000000,'bob','create','pvccjaneavef','{"allow_from":["192.0.2.0/24"],"expires_at":"2027-09-13T09:00:00Z","kind":"api","labels":{},"name":"office","owner":"bob","scopes":["inference"],"uid":0}',X'e0748f1690631da48b41771f7c20d99c7c4aa82fd73f7dc2eb6d3f57691ac44f');
INSERT INTO events VALUES(32,1790845200000,'alice','rotate','9be0nad5mtm5','{"replaced_by":"68g1w7tpjn5t","uid":0,"usable_until":"2026-10-02T09:00:00Z"}',X'98f36607e8347ce0c3f4b56588a15423aa5884efa1cb45733951d07b22aa51a2');
INSERT INTO events VALUES(33,1790845200000,'alice','create','68g1w7tpjn5t','{"expires_at":"2027-10-01T09:00:00Z","kind":"api","labels":{},"name":"night","owner":"alice","replaces":"9be0nad5mtm5","scopes":["inference"],"uid":0}',X'e871a1432d490f99f0edacb9c405bfc79982a20c310912969e719457ee0dc95c');
INSERT INTO events VALUES(34,1793523600000,'alice','rotate','s5n42ggc0erp','{"replaced_by":"jpad5v1py0gh","uid":0,"usable_until":"2027-01-30T09:00:00Z"}',X'af479c78d96c17bf509335d3b751c09753046f614b6f9435a5b543ec18e2aa2d');
INSERT INTO events VALUES(35,1793523600000,'alice','create','jpad5v1py0gh','{"expires_at":"2027-11-01T09:00:00Z","kind":"api","labels":{"a":"b"},"name":"ci","owner":"alice","replaces":"s5n42ggc0erp","scopes":["inference","project"],"uid":0}',X'13ceaeefc1f2342f0dcc2ed349023840df55f4dc1a8e9e51d4cf719e8e72d0c3');
INSERT INTO events VALUES(36,1795165800000,'alice','reuse','9be0nad5mtm5','{"state":"phased-out","uid":0}',X'ac0f290666271d5252018f18c802028322505e1a6dda5a292c9ff3200b4940ff');
INSERT INTO events VALUES(37,1795166400000,'alice','reuse','84ph1wdstk0v','{"state":"expired","uid":0}',X'b5e6f846f671074876acb4ac6f27baa196565461dca1008f498aa42d12530431');
INSERT INTO events VALUES(38,1795167000000,'alice','reuse','rmcbxqxtvjvg','{"state":"disabled","uid":0}',X'563b903e4cb1e6870fee420a281f28bf7529c2ca24dfb9d0fc1d74a7732e4c17');
CREATE TABLE event_head (
    one  INTEGER PRIMARY KEY CHECK (one = 1),
    seq  INTEGER NOT NULL,
    hash BLOB NOT NULL
) STRICT;
INSERT INTO event_head VALUES(1,38,X'563b903e4cb1e6870fee420a281f28bf7529c2ca24dfb9d0fc1d74a7732e4c17');
CREATE TABLE members (
    project TEXT NOT NULL,
    user    TEXT NOT NULL,
    role    TEXT NOT NULL CHECK (role IN ('owner', 'collaborator')),
    PRIMARY KEY (project, user)
) STRICT, WITHOUT ROWID;
INSERT INTO members VALUES('search','alice','owner');
INSERT INTO members VALUES('search','bob','collaborator');
CREATE TABLE IF NOT EXISTS "key_scopes" (
    scope TEXT NOT NULL,
    key   INTEGER NOT NULL,
    PRIMARY KEY (scope, key)
) STRICT, WITHOUT ROWID;
INSERT INTO key_scopes VALUES('inference',1);
INSERT INTO key_scopes VALUES('inference',3);
INSERT INTO key_scopes VALUES('inference',4);
INSERT INTO key_scopes VALUES('inference',5);
INSERT INTO key_scopes VALUES('inference',6);
INSERT INTO key_scopes VALUES('inference',7);
INSERT INTO key_scopes VALUES('inference',9);
INSERT INTO key_scopes VALUES('inference',13);
INSERT INTO key_scopes VALUES('inference',14);
INSERT INTO key_scopes VALUES('inference',15);
INSERT INTO key_scopes VALUES('inference',16);
INSERT INTO key_scopes VALUES('pictures',12);
INSERT INTO key_scopes VALUES('project',2);
INSERT INTO key_scopes VALUES('project',3);
INSERT INTO key_scopes VALUES('project',8);
INSERT INTO key_scopes VALUES('project',16);
CREATE UNIQUE INDEX keys_live_name ON keys (owner, name)
    WHERE deleted_at IS NULL AND usable_until IS NULL;
CREATE INDEX keys_name ON keys (name) WHERE deleted_at IS NULL;
CREATE INDEX keys_owner ON keys (owner, created_at);
CREATE INDEX keys_created ON keys (created_at);
CREATE INDEX events_key ON events (key_id, seq) WHERE key_id IS NOT NULL;
CREATE INDEX keys_state ON keys (deleted_at, usable_until, disabled_at, expires_at)
    WHERE deleted_at IS NOT NULL OR usable_until IS NOT NULL
        OR disabled_at IS NOT NULL OR expires_at IS NOT NULL;
COMMIT;
