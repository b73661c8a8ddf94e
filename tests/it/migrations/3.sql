-- token kc_37ept9k8n8dh_lA0MClQ8jb4qWxSApz4d0Rl7Vj6ddKmnKyDpMaqPpK24Vroit 0 {"valid":true,"id":"37ept9k8n8dh","name":"first","owner":"carol","state":"active","scopes":["inference"],"expires_at":"2027-09-01T08:00:00Z"}
-- token kc_rjna5bjtfec2_Wdn3ohuNmAKyX2B0hDpAG8BE8M8sD8qq06sSPVe4LNq4VZkEk 0 {"valid":true,"id":"rjna5bjtfec2","name":"web","owner":"alice","state":"active","scopes":["project"],"expires_at":"2027-06-29T09:00:00Z"}
-- token kc_rkk53v624540_wKEKddb3ryEY0UEZRpfOulVQo4cVfHAPvAcJKA44Mqh49g9v5 1 {"valid":false,"reason":"unknown"}
-- token kc_3wnqtw9mkm53_LgQ1w59SjhtBsIGgmZleR2CqBQJkBjuyia8tiIObDaE4MwiAD 0 {"valid":true,"id":"3wnqtw9mkm53","name":"ci","owner":"alice","state":"phased-out","scopes":["inference","project"],"expires_at":"2027-09-03T10:00:00Z","usable_until":"2027-01-30T09:00:00Z","replaced_by":"zdypw67gr02d"}
-- token kc_cqgv0snrztm1_qQdt93Y7virkIKJH2M0Hpt8RczlHqtRzKBrjRkceXpQ2fd5cR 1 {"valid":false,"reason":"phased-out","id":"cqgv0snrztm1","name":"night","owner":"alice","state":"phased-out","since":"2026-10-02T09:00:00Z","replaced_by":"m45qahwj72xk","expires_at":"2027-09-03T11:00:00Z","usable_until":"2026-10-02T09:00:00Z"}
-- token kc_b9wfq0hn2nwx_x3EXR7XKeUhTfW0nd4T0IgqknEeqgTcF28TZZ36bl3t2L3D1p 1 {"valid":false,"reason":"expired","id":"b9wfq0hn2nwx","name":"short","owner":"alice","state":"expired","since":"2026-10-04T09:00:00Z","expires_at":"2026-10-04T09:00:00Z"}
-- token kc_d29h8jwb5dkx_3kRn94hSHTtAcynSkv1KAtgkr7DVByIaxZXkKLocarQ0bAPH7 1 {"valid":false,"reason":"disabled","id":"d29h8jwb5dkx","name":"off","owner":"alice","state":"disabled","since":"2026-09-05T10:00:00Z","by":"carol","expires_at":"2027-09-05T09:00:00Z"}
-- token kc_g3rk4x6a1dpz_tLaFaRc79s8Nq59KfthsMWdbOXtJksGScloULePGlMP4KiTXN 0 {"valid":true,"id":"g3rk4x6a1dpz","name":"back","owner":"alice","state":"active","scopes":["inference"],"expires_at":"2027-09-06T09:00:00Z"}
-- token kc_9xjsjqhhfs8q_7SD3Dcv3KoOyBtcQiO8DIC5QbSILDBpEheAL6vNoo4p2PSGCA 1 {"valid":false,"reason":"unknown"}
-- token kc_n668tsyp965j_v797sr9ChlBtGZ1Kk2BwgVZC97FcSTmHBqupxykDBeo1wDKJE 0 {"valid":true,"id":"n668tsyp965j","name":"café","owner":"bob","state":"active","scopes":["inference"],"expires_at":"2027-09-08T09:00:00Z"}
-- token kc_74h88j8cry33_AyQj8gCvQ6zxZIB9K3znjHopDogfI2nxhpP5tRy8IDg2EcqY8 0 {"valid":true,"id":"74h88j8cry33","name":"robot","owner":"carol","state":"active","scopes":[],"expires_at":null}
-- token kc_xmvzwn8fjk94_hbrF9ljnh8lo8ET9BOWmZVpyykidVnl5roZzJCq0KVI2phvMG 1 {"valid":false,"reason":"disabled","id":"xmvzwn8fjk94","name":"arm","owner":"carol","state":"disabled","since":"2026-09-09T11:00:00Z","by":"carol"}
-- token kc_4kvhbfzxmkxm_4MpiLF70IIdTKL9uz87mbLtqqgAxiXxxsoA4FwP0TF22LlLfc 0 {"valid":true,"id":"4kvhbfzxmkxm","name":"drawer","owner":"bob","state":"active","scopes":["pictures"],"expires_at":"2027-09-10T09:00:00Z"}
-- token kc_8ddrr2r1ck83_W7tH1MyLTTqbYysIo2kZixWevxVhrLBvrr6hBd0gRzz20xlTd 0 {"valid":true,"id":"8ddrr2r1ck83","name":"fast","owner":"bob","state":"active","scopes":["inference"],"expires_at":"2027-09-11T10:00:00Z"}
-- token kc_m45qahwj72xk_0CMxKiA1JlLLTFJvW7STq670cTC98BG1oVLpMu9QBvF0eqUvn 0 {"valid":true,"id":"m45qahwj72xk","name":"night","owner":"alice","state":"active","scopes":["inference"],"expires_at":"2027-10-01T09:00:00Z"}
-- token kc_zdypw67gr02d_ANvVyjZRO35OaAqJ8UMUsu762qfY1aqgIbs95Qr0AUw3h0hdY 0 {"valid":true,"id":"zdypw67gr02d","name":"ci","owner":"alice","state":"active","scopes":["inference","project"],"expires_at":"2027-11-01T09:00:00Z"}
-- key {"id":"37ept9k8n8dh","name":"first","owner":"carol","kind":"api","state":"active","usable":true,"scopes":["inference"],"labels":{},"created_at":"2026-09-01T08:00:00Z","created_by":"carol","expires_at":"2027-09-01T08:00:00Z","last_used_at":null,"usable_until":null,"disabled_at":null,"deleted_at":null,"replaces":null,"replaced_by":null}
-- key {"id":"rjna5bjtfec2","name":"web","owner":"alice","kind":"api","state":"active","usable":true,"scopes":["project"],"labels":{"note":"say \"yes\" \\o/","team":"search"},"created_at":"2026-09-02T09:00:00Z","created_by":"alice","expires_at":"2027-06-29T09:00:00Z","last_used_at":"2026-11-20T09:00:00Z","usable_until":null,"disabled_at":null,"deleted_at":null,"replaces":null,"replaced_by":null}
-- key {"id":"3wnqtw9mkm53","name":"ci","owner":"alice","kind":"api","state":"phased-out","usable":true,"scopes":["inference","project"],"labels":{"a":"b"},"created_at":"2026-09-03T10:00:00Z","created_by":"alice","expires_at":"2027-09-03T10:00:00Z","last_used_at":null,"usable_until":"2027-01-30T09:00:00Z","disabled_at":null,"deleted_at":null,"replaces":null,"replaced_by":"zdypw67gr02d"}
-- key {"id":"cqgv0snrztm1","name":"night","owner":"alice","kind":"api","state":"phased-out","usable":false,"scopes":["inference"],"labels":{},"created_at":"2026-09-03T11:00:00Z","created_by":"alice","expires_at":"2027-09-03T11:00:00Z","last_used_at":null,"usable_until":"2026-10-02T09:00:00Z","disabled_at":null,"deleted_at":null,"replaces":null,"replaced_by":"m45qahwj72xk"}
-- key {"id":"b9wfq0hn2nwx","name":"short","owner":"alice","kind":"api","state":"expired","usable":false,"scopes":["inference"],"labels":{},"created_at":"2026-09-04T09:00:00Z","created_by":"alice","expires_at":"2026-10-04T09:00:00Z","last_used_at":null,"usable_until":null,"disabled_at":null,"deleted_at":null,"replaces":null,"replaced_by":null}
-- key {"id":"d29h8jwb5dkx","name":"off","owner":"alice","kind":"api","state":"disabled","usable":false,"scopes":["inference"],"labels":{},"created_at":"2026-09-05T09:00:00Z","created_by":"alice","expires_at":"2027-09-05T09:00:00Z","last_used_at":null,"usable_until":null,"disabled_at":"2026-09-05T10:00:00Z","deleted_at":null,"replaces":null,"replaced_by":null}
-- key {"id":"g3rk4x6a1dpz","name":"back","owner":"alice","kind":"api","state":"active","usable":true,"scopes":["inference"],"labels":{},"created_at":"2026-09-06T09:00:00Z","created_by":"alice","expires_at":"2027-09-06T09:00:00Z","last_used_at":null,"usable_until":null,"disabled_at":null,"deleted_at":null,"replaces":null,"replaced_by":null}
-- key {"id":"9xjsjqhhfs8q","name":"gone","owner":"alice","kind":"api","state":"deleted","usable":false,"scopes":["project"],"labels":{"team":"search"},"created_at":"2026-09-07T09:00:00Z","created_by":"alice","expires_at":"2027-09-07T09:00:00Z","last_used_at":null,"usable_until":null,"disabled_at":null,"deleted_at":"2026-09-07T10:00:00Z","replaces":null,"replaced_by":null}
-- key {"id":"n668tsyp965j","name":"café","owner":"bob","kind":"api","state":"active","usable":true,"scopes":["inference"],"labels":{},"created_at":"2026-09-08T09:00:00Z","created_by":"bob","expires_at":"2027-09-08T09:00:00Z","last_used_at":null,"usable_until":null,"disabled_at":null,"deleted_at":null,"replaces":null,"replaced_by":null}
-- key {"id":"74h88j8cry33","name":"robot","owner":"carol","kind":"legacy","state":"active","usable":true,"scopes":[],"labels":{"team":"ops"},"created_at":"2026-09-09T09:00:00Z","created_by":"carol","expires_at":null,"last_used_at":null,"usable_until":null,"disabled_at":null,"deleted_at":null,"replaces":null,"replaced_by":null}
-- key {"id":"xmvzwn8fjk94","name":"arm","owner":"carol","kind":"legacy","state":"disabled","usable":false,"scopes":[],"labels":{},"created_at":"2026-09-09T10:00:00Z","created_by":"carol","expires_at":null,"last_used_at":null,"usable_until":null,"disabled_at":"2026-09-09T11:00:00Z","deleted_at":null,"replaces":null,"replaced_by":null}
-- key {"id":"4kvhbfzxmkxm","name":"drawer","owner":"bob","kind":"api","state":"active","usable":true,"scopes":["pictures"],"labels":{},"created_at":"2026-09-10T09:00:00Z","created_by":"bob","expires_at":"2027-09-10T09:00:00Z","last_used_at":null,"usable_until":null,"disabled_at":null,"deleted_at":null,"replaces":null,"replaced_by":null}
-- key {"id":"8ddrr2r1ck83","name":"fast","owner":"bob","kind":"api","state":"active","usable":true,"scopes":["inference"],"labels":{},"created_at":"2026-09-11T10:00:00Z","created_by":"bob","expires_at":"2027-09-11T10:00:00Z","last_used_at":null,"usable_until":null,"disabled_at":null,"deleted_at":null,"replaces":null,"replaced_by":null}
-- key {"id":"m45qahwj72xk","name":"night","owner":"alice","kind":"api","state":"active","usable":true,"scopes":["inference"],"labels":{},"created_at":"2026-10-01T09:00:00Z","created_by":"alice","expires_at":"2027-10-01T09:00:00Z","last_used_at":null,"usable_until":null,"disabled_at":null,"deleted_at":null,"replaces":"cqgv0snrztm1","replaced_by":null}
-- key {"id":"zdypw67gr02d","name":"ci","owner":"alice","kind":"api","state":"active","usable":true,"scopes":["inference","project"],"labels":{"a":"b"},"created_at":"2026-11-01T09:00:00Z","created_by":"alice","expires_at":"2027-11-01T09:00:00Z","last_used_at":null,"usable_until":null,"disabled_at":null,"deleted_at":null,"replaces":"3wnqtw9mkm53","replaced_by":null}
-- head 37:b648c72e4650e25071df6770e871db85ba1761d0c7c907b33471d343835622fe
PRAGMA application_id = 1801679980;
PRAGMA user_version = 3;
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
    CHECK ((hash IS NULL) = (deleted_at IS NOT NULL)),
    CHECK ((grace_from IS NULL) = (usable_until IS NULL)),
    CHECK ((disabled_at IS NULL) = (disabled_by IS NULL))
) STRICT;
INSERT INTO keys VALUES(1,'37ept9k8n8dh','first','carol','api','$argon2id$v=19$m=7168,t=5,p=1$oYAoiuSfqy2A0dpTtKgvjQ$uSeE1tb7uY+th7n8Q6WGWc10bOXM9jGvY2ReIOrDSMM',1788249600000,'carol',1819785600000,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO keys VALUES(2,'rjna5bjtfec2','web','alice','api','$argon2id$v=19$m=7168,t=5,p=1$D+ZRK43vVTjZHgyn0n2Iag$jYTsIEU6Fnwmk0kTIGUKrtt9r8hQACbT8pnbvOg2ph8',1788339600000,'alice',1814259600000,1795165200000,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO keys VALUES(3,'3wnqtw9mkm53','ci','alice','api','$argon2id$v=19$m=7168,t=5,p=1$gzTWcEKL4BrnW+z7+0gW7w$8Q14XUmcuNdcwXdY2Haswv6aW1+sthTc1p9yFlXoZ5g',1788429600000,'alice',1819965600000,NULL,1793523600000,1801299600000,NULL,NULL,NULL,NULL,'zdypw67gr02d');
INSERT INTO keys VALUES(4,'cqgv0snrztm1','night','alice','api','$argon2id$v=19$m=7168,t=5,p=1$qU4ScJ+xTVw4r1nqyrzK0w$zTjqkYHoLUKXaUPZOoYAzJubso8xWnhWO+GIoRxC+TQ',1788433200000,'alice',1819969200000,NULL,1790845200000,1790931600000,NULL,NULL,NULL,NULL,'m45qahwj72xk');
INSERT INTO keys VALUES(5,'b9wfq0hn2nwx','short','alice','api','$argon2id$v=19$m=7168,t=5,p=1$o1Bj8AwceFX3/p/XPN6ewQ$h63RYleGOiPRCyqPhsRSjPJFj3iFnA68fKLMzGC5VAU',1788512400000,'alice',1791104400000,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO keys VALUES(6,'d29h8jwb5dkx','off','alice','api','$argon2id$v=19$m=7168,t=5,p=1$WYQ5UQUBFNtTHuILODNqAA$35P9aIZkEebthpkHaB3VP2LHj/XHs4khuHiO1yL8ZrA',1788598800000,'alice',1820134800000,NULL,NULL,NULL,1788602400000,'carol',NULL,NULL,NULL);
INSERT INTO keys VALUES(7,'g3rk4x6a1dpz','back','alice','api','$argon2id$v=19$m=7168,t=5,p=1$nXz2poIPOUNPONmnCmpX3w$TmU8FdelIkisZX6oaC86Q99Xb+q9dNrHy9hGaNncILc',1788685200000,'alice',1820221200000,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO keys VALUES(8,'9xjsjqhhfs8q','gone','alice','api',NULL,1788771600000,'alice',1820307600000,NULL,NULL,NULL,NULL,NULL,1788775200000,NULL,NULL);
INSERT INTO keys VALUES(9,'n668tsyp965j','café','bob','api','$argon2id$v=19$m=7168,t=5,p=1$gVKNgUf1XdUfT4CWIjW1ew$1AMe2eiyEsSsnuxhJXIRVhy4IHCeqQKexQMaNJZdTCU',1788858000000,'bob',1820394000000,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO keys VALUES(10,'74h88j8cry33','robot','carol','legacy','$argon2id$v=19$m=7168,t=5,p=1$YDlZynDuGxF/hUnuV4cqng$SEHgr2/Tt/6Sd3M3ks3YLYGvIkBNl2rZYWbZgh3EXjk',1788944400000,'carol',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO keys VALUES(11,'xmvzwn8fjk94','arm','carol','legacy','$argon2id$v=19$m=7168,t=5,p=1$xN6uK+yLN6y/UHFViDK+9Q$Au/mv9jm3YDou+LXmNZLXQPr6GkOrNVLar09yBvmAjs',1788948000000,'carol',NULL,NULL,NULL,NULL,1788951600000,'carol',NULL,NULL,NULL);
INSERT INTO keys VALUES(12,'4kvhbfzxmkxm','drawer','bob','api','$argon2id$v=19$m=7168,t=5,p=1$AFE/m5fAW7yzuR6+jLCldw$1kkPaLrOleCuaKlDZczliUhwbaCvGginNw2tmEeQLnE',1789030800000,'bob',1820566800000,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO keys VALUES(13,'8ddrr2r1ck83','fast','bob','api','$sha256$6/N6FDo35/5JN+zduqy4wZwLAHK9zQ5nSTC7KLQFB9E',1789120800000,'bob',1820656800000,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO keys VALUES(14,'m45qahwj72xk','night','alice','api','$argon2id$v=19$m=7168,t=5,p=1$AjMqiPk2J37l9FDJXL3QPA$WzBBPrLx/21NosNRCMA4dc78ewpglp17FMH3M3ZYQD4',1790845200000,'alice',1822381200000,NULL,NULL,NULL,NULL,NULL,NULL,'cqgv0snrztm1',NULL);
INSERT INTO keys VALUES(15,'zdypw67gr02d','ci','alice','api','$argon2id$v=19$m=7168,t=5,p=1$aPaDnLDHKWm8l0L30jSYEw$eaxIpz3WoSI8dzrVb6a3uZIM/cPZj0mJi0HVh5iC+TI',1793523600000,'alice',1825059600000,NULL,NULL,NULL,NULL,NULL,NULL,'3wnqtw9mkm53',NULL);
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
CREATE TABLE key_labels (
    key   INTEGER NOT NULL REFERENCES keys ON DELETE CASCADE,
    label TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (key, label)
) STRICT, WITHOUT ROWID;
INSERT INTO key_labels VALUES(2,'note','say "yes" \o/');
INSERT INTO key_labels VALUES(2,'team','search');
INSERT INTO key_labels VALUES(3,'a','b');
INSERT INTO key_labels VALUES(8,'team','search');
INSERT INTO key_labels VALUES(10,'team','ops');
INSERT INTO key_labels VALUES(15,'a','b');
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
INSERT INTO events VALUES(2,1788249600000,'carol','create','37ept9k8n8dh','{"expires_at":"2027-09-01T08:00:00Z","kind":"api","labels":{},"name":"first","owner":"carol","scopes":["inference"],"uid":0}',X'2f02b17d9f4c61148d1f7800af59d147b78372bca3f6aabe9fc40f8b97ab81e0');
INSERT INTO events VALUES(3,1788250200000,'carol','policy',NULL,'{"name":"default-grace","new":"7d","old":"0s","uid":0}',X'2b861d3db6ce6a8f9128ed0acba44bb9dcaafea75db2dfae283d08df21b9a9a4');
INSERT INTO events VALUES(4,1788250800000,'carol','scope-add',NULL,'{"description":"drawings","implies":["inference"],"scope":"pictures","uid":0}',X'4977e755fff1c6e1d4c05c609fb9aea7b0399664591c9e29eefd486c41781846');
INSERT INTO events VALUES(5,1788251400000,'carol','member-add',NULL,'{"project":"search","role":{"new":"owner","old":null},"uid":0,"user":"alice"}',X'5e27f6515e0051a144f308e5da6e431ef0182c7e217d959c1855d16b7bc3c04b');
INSERT INTO events VALUES(6,1788251460000,'carol','member-add',NULL,'{"project":"search","role":{"new":"collaborator","old":null},"uid":0,"user":"bob"}',X'7fb20d48d626b5588f66021fc12850d50815ed1bf3f7580adb1f30912c400083');
INSERT INTO events VALUES(7,1788252000000,'carol','admin-add',NULL,'{"uid":0,"user":"dora"}',X'fa633ba42370697f7b50696d5ffc00351a36f7bbf988fff1f405e6e83358d5ad');
INSERT INTO events VALUES(8,1788339600000,'alice','create','rjna5bjtfec2','{"expires_at":"2027-06-29T09:00:00Z","kind":"api","labels":{"team":"search"},"name":"web","owner":"alice","scopes":["project"],"uid":0}',X'aee27e9a984eec47a926d74c5056e4efdc78656e639f8214dc4bb165d1734c94');
INSERT INTO events VALUES(9,1788340200000,'alice','edit','rjna5bjtfec2','{"labels":{"new":{"note":"say \"yes\" \\o/","team":"search"},"old":{"team":"search"}},"reason":"noted","uid":0}',X'd80775c7a441872355f01f187d62ef13a0ff2715345edd9b14b8f0a832bff01a');
INSERT INTO events VALUES(10,1788340800000,'bob','create','rkk53v624540','{"expires_at":"2026-09-02T10:20:00Z","kind":"api","labels":{},"name":"old","owner":"bob","scopes":["inference"],"uid":0}',X'6f10676472a04f0d45b5d47d179000b78c82745279ba4cedf32cb47c8ccc270f');
INSERT INTO events VALUES(11,1788426000000,'carol','purge','rkk53v624540','{"name":"old","owner":"bob","reason":"tidy","state":"expired","uid":0}',X'0c91e66c2ae17223f11d111a9512f6a8fb60a04c8bd3c7e66308dd60d691ca1d');
INSERT INTO events VALUES(12,1788429600000,'alice','create','3wnqtw9mkm53','{"expires_at":"2027-09-03T10:00:00Z","kind":"api","labels":{"a":"b"},"name":"ci","owner":"alice","scopes":["inference","project"],"uid":0}',X'744df5cfbf741b3b64d765578590ddb0cc7576452d046e8e0a4965d2ea80b7dc');
INSERT INTO events VALUES(13,1788433200000,'alice','create','cqgv0snrztm1','{"expires_at":"2027-09-03T11:00:00Z","kind":"api","labels":{},"name":"night","owner":"alice","scopes":["inference"],"uid":0}',X'872a526a5be12f0000a46cc1cea145941658ae812163a0d316bb2d0bc674c617');
INSERT INTO events VALUES(14,1788512400000,'alice','create','b9wfq0hn2nwx','{"expires_at":"2026-10-04T09:00:00Z","kind":"api","labels":{},"name":"short","owner":"alice","scopes":["inference"],"uid":0}',X'40b6af67362292091946cb6fcc29ed50ea136746c1d88a4860a6df05b5856c12');
INSERT INTO events VALUES(15,1788598800000,'alice','create','d29h8jwb5dkx','{"expires_at":"2027-09-05T09:00:00Z","kind":"api","labels":{},"name":"off","owner":"alice","scopes":["inference"],"uid":0}',X'2a24c72a855c1555c6622b4e1ae6a11fba881e470886e4387c6f4ecfdcc11fcf');
INSERT INTO events VALUES(16,1788602400000,'carol','disable','d29h8jwb5dkx','{"reason":"left","uid":0}',X'c52c750805d6bf51fbd6706662ebe22a497f2a5e8e6d272e992b50a14b5aa6a3');
INSERT INTO events VALUES(17,1788685200000,'alice','create','g3rk4x6a1dpz','{"expires_at":"2027-09-06T09:00:00Z","kind":"api","labels":{},"name":"back","owner":"alice","scopes":["inference"],"uid":0}',X'bd7dcaca9df14ecdb90cebec97a4e69be9cdd0978d6402dd0af19715aaa3de0a');
INSERT INTO events VALUES(18,1788688800000,'alice','disable','g3rk4x6a1dpz','{"uid":0}',X'421572028ae7c6698455f2bccf7fd21b386fa103e136bb4ac1320c2b00c9e7c0');
INSERT INTO events VALUES(19,1788692400000,'alice','enable','g3rk4x6a1dpz','{"uid":0}',X'68aa56afc0e77977d14f1fc8f30d43e0b02854da37c5dcc9cfeaf41bf53db95d');
INSERT INTO events VALUES(20,1788771600000,'alice','create','9xjsjqhhfs8q','{"expires_at":"2027-09-07T09:00:00Z","kind":"api","labels":{"team":"search"},"name":"gone","owner":"alice","scopes":["project"],"uid":0}',X'7a0ec423c22e25c165a6beede24d6c6a430e6a94004d1edb8921b76083fa863e');
INSERT INTO events VALUES(21,1788775200000,'alice','delete','9xjsjqhhfs8q','{"reason":"leaked","uid":0}',X'afbeaab872f53ea4ff928700d1484a752b36429a411708736c8ee69218fdac36');
INSERT INTO events VALUES(22,1788858000000,'bob','create','n668tsyp965j','{"expires_at":"2027-09-08T09:00:00Z","kind":"api","labels":{},"name":"café","owner":"bob","scopes":["inference"],"uid":0}',X'f4f6ad58e92b533d622f37728c8c712b451a19cd2510a37bc486326325ea0d50');
INSERT INTO events VALUES(23,1788944400000,'carol','create','74h88j8cry33','{"expires_at":null,"kind":"legacy","labels":{"team":"ops"},"name":"robot","owner":"carol","scopes":[],"uid":0}',X'2926ffa8e5ca3ca0d9ba206e7eb64a30acef1d2862f4af1b575e32004472f7ba');
INSERT INTO events VALUES(24,1788948000000,'carol','create','xmvzwn8fjk94','{"expires_at":null,"kind":"legacy","labels":{},"name":"arm","owner":"carol","scopes":[],"uid":0}',X'f961e27f227000cf98b25575c15c5a51c3c9db8ca4d6983946f36f2f2f051e57');
INSERT INTO events VALUES(25,1788951600000,'carol','disable','xmvzwn8fjk94','{"uid":0}',X'563048dbf33c4b4af495baa5357e98a330e2a8d198ac784addefc231733ac366');
INSERT INTO events VALUES(26,1789030800000,'bob','create','4kvhbfzxmkxm','{"expires_at":"2027-09-10T09:00:00Z","kind":"api","labels":{},"name":"drawer","owner":"bob","scopes":["pictures"],"uid":0}',X'd90d6c3d5788b1533dfe5508d36e0a0526e6eb49698b5b67d16079dea930951d');
INSERT INTO events VALUES(27,1789117200000,'carol','policy',NULL,'{"name":"hash","new":"sha256","old":"argon2id","uid":0}',X'8fdbd22b9c55740d4838569afddbf32d7c3daaeee0b711dacbeafd34ce19e57f');
INSERT INTO events VALUES(28,1789120800000,'bob','create','8ddrr2r1ck83','{"expires_at":"2027-09-11T10:00:00Z","kind":"api","labels":{},"name":"fast","owner":"bob","scopes":["inference"],"uid":0}',X'1f100c85f58f9ebeb6bd8ece3c3498ee2ab46eec71b310898c1f946ca268be08');
INSERT INTO events VALUES(29,1789124400000,'carol','policy',NULL,'{"name":"hash","new":"argon2id","old":"sha256","uid":0}',X'320b1a1e00b6d985caa784598669cfee151a870c49301a37a8b68a3619dad116');
INSERT INTO events VALUES(30,1789203600000,'bob','refuse',NULL,'{"code":"policy","command":"create","message":"expiry 2029-09-11T09:00:00Z is later than policy allows: the latest is 2027-09-12T09:00:00Z","uid":0}',X'2adf91626c93d84f0db4240d53a8f7a890ca757f59767e0f15819bd7c7a72e1c');
INSERT INTO events VALUES(31,1790845200000,'alice','rotate','cqgv0snrztm1','{"replaced_by":"m45qahwj72xk","uid":0,"usable_until":"2026-10-02T09:00:00Z"}',X'7dc3b4db5e4b0d2f4011a9c8a24a3a1490dc5795ce9ff69deced469d3112e9db');
INSERT INTO events VALUES(32,1790845200000,'alice','create','m45qahwj72xk','{"expires_at":"2027-10-01T09:00:00Z","kind":"api","labels":{},"name":"night","owner":"alice","replaces":"cqgv0snrztm1","scopes":["inference"],"uid":0}',X'849ffa7f32136f03ba3cb70adf199565fbd494fd97d7c805775d80f504e164b9');
INSERT INTO events VALUES(33,1793523600000,'alice','rotate','3wnqtw9mkm53','{"replaced_by":"zdypw67gr02d","uid":0,"usable_until":"2027-01-30T09:00:00Z"}',X'f727b09868c27a1f37bb94f72d3ac42b69588cc90f304f82c14e4d00ac62de76');
INSERT INTO events VALUES(34,1793523600000,'alice','create','zdypw67gr02d','{"expires_at":"2027-11-01T09:00:00Z","kind":"api","labels":{"a":"b"},"name":"ci","owner":"alice","replaces":"3wnqtw9mkm53","scopes":["inference","project"],"uid":0}',X'98aa1249a99dbb0669b9552dc65052233509b579caa3a59a04204c0f1bb76e6f');
INSERT INTO events VALUES(35,1795165800000,'alice','reuse','cqgv0snrztm1','{"state":"phased-out","uid":0}',X'1dda00eb155e850eea2dd99a56681e007c452787de19565e001f42ad07d4002c');
INSERT INTO events VALUES(36,1795166400000,'alice','reuse','b9wfq0hn2nwx','{"state":"expired","uid":0}',X'9e9e9215c8fe232b2d3f508bf42a096cad0fe4d1b8f46aa81270c693ddb7cc7b');
INSERT INTO events VALUES(37,1795167000000,'alice','reuse','d29h8jwb5dkx','{"state":"disabled","uid":0}',X'b648c72e4650e25071df6770e871db85ba1761d0c7c907b33471d343835622fe');
CREATE TABLE event_head (
    one  INTEGER PRIMARY KEY CHECK (one = 1),
    seq  INTEGER NOT NULL,
    hash BLOB NOT NULL
) STRICT;
INSERT INTO event_head VALUES(1,37,X'b648c72e4650e25071df6770e871db85ba1761d0c7c907b33471d343835622fe');
CREATE TABLE members (
    project TEXT NOT NULL,
    user    TEXT NOT NULL,
    role    TEXT NOT NULL CHECK (role IN ('owner', 'collaborator')),
    PRIMARY KEY (project, user)
) STRICT, WITHOUT ROWID;
INSERT INTO members VALUES('search','alice','owner');
INSERT INTO members VALUES('search','bob','collaborator');
CREATE TABLE IF NOT EXISTS "key_scopes" (
    key   INTEGER NOT NULL REFERENCES keys ON DELETE CASCADE,
    scope TEXT NOT NULL,
    PRIMARY KEY (key, scope)
) STRICT, WITHOUT ROWID;
INSERT INTO key_scopes VALUES(1,'inference');
INSERT INTO key_scopes VALUES(3,'inference');
INSERT INTO key_scopes VALUES(4,'inference');
INSERT INTO key_scopes VALUES(5,'inference');
INSERT INTO key_scopes VALUES(6,'inference');
INSERT INTO key_scopes VALUES(7,'inference');
INSERT INTO key_scopes VALUES(9,'inference');
INSERT INTO key_scopes VALUES(13,'inference');
INSERT INTO key_scopes VALUES(14,'inference');
INSERT INTO key_scopes VALUES(15,'inference');
INSERT INTO key_scopes VALUES(12,'pictures');
INSERT INTO key_scopes VALUES(2,'project');
INSERT INTO key_scopes VALUES(3,'project');
INSERT INTO key_scopes VALUES(8,'project');
INSERT INTO key_scopes VALUES(15,'project');
CREATE UNIQUE INDEX keys_live_name ON keys (owner, name)
    WHERE deleted_at IS NULL AND usable_until IS NULL;
CREATE INDEX keys_name ON keys (name) WHERE deleted_at IS NULL;
CREATE INDEX keys_owner ON keys (owner, created_at);
CREATE INDEX keys_created ON keys (created_at);
CREATE INDEX events_key ON events (key_id, seq) WHERE key_id IS NOT NULL;
CREATE INDEX key_scopes_scope ON key_scopes (scope);
CREATE INDEX keys_state ON keys (deleted_at, usable_until, disabled_at, expires_at)
    WHERE deleted_at IS NOT NULL OR usable_until IS NOT NULL
        OR disabled_at IS NOT NULL OR expires_at IS NOT NULL;
COMMIT;
