-- token kc_3cy3683a3mpe_N3C7klVWFTb50QkSshzOCiOvW69abhA2MciNCRSW5Fh1Syzkk 0 {"valid":true,"id":"3cy3683a3mpe","name":"first","owner":"carol","state":"active","scopes":["inference"],"expires_at":"2027-09-01T08:00:00Z"}
-- token kc_7p0dmmth53st_e5aMGXHEq5H7j8XSm0dXN27wMGupT4EgAoY5dPMfv5n0RKzr4 0 {"valid":true,"id":"7p0dmmth53st","name":"web","owner":"alice","state":"active","scopes":["project"],"expires_at":"2027-06-29T09:00:00Z"}
-- token kc_scbyyvdvg89b_b5gbwelxB9jA4IBNABQKzFuD05BjFAkHr63WhwV2f9U39EnCR 1 {"valid":false,"reason":"unknown"}
-- token kc_y9v3zwb3kk2g_fxtdHuLcHgUzwLTrP4dWcZcY06LzdVPZkM1vW6GDkfx1FDMb7 0 {"valid":true,"id":"y9v3zwb3kk2g","name":"ci","owner":"alice","state":"phased-out","scopes":["inference","project"],"expires_at":"2027-09-03T10:00:00Z","usable_until":"2027-01-30T09:00:00Z","replaced_by":"nz6pvy9sfz18"}
-- token kc_33q32fzz8ykv_mFwlxOFZbZ6mmSl70QiUnurvlt0NmvU0djstNV31TWW3NuWSO 1 {"valid":false,"reason":"phased-out","id":"33q32fzz8ykv"}
-- token kc_j1f0akc9qpdw_uILmS28ZIm07es7igujdg5F2lLug7U9alluPQJxGyuj1ndU3d 1 {"valid":false,"reason":"expired","id":"j1f0akc9qpdw"}
-- token kc_cn8ergagq470_PFMNhyz18B4QWOoL2kRuYrRIme4AMeXuwRywpO8fUNU1r1Xur 1 {"valid":false,"reason":"disabled","id":"cn8ergagq470"}
-- token kc_p83ke6zh0879_sEMqkDWzZNOlytrLgjQFhfc0cOrghePkdtm7XiGRylB0jJkh3 0 {"valid":true,"id":"p83ke6zh0879","name":"back","owner":"alice","state":"active","scopes":["inference"],"expires_at":"2027-09-06T09:00:00Z"}
-- token kc_d5z5m6dhrxpv_lj4Nsxnfw1jygfdrxchUeEXbhF4Yw2awwjmmflNlsKV4Np5KI 1 {"valid":false,"reason":"unknown"}
-- token kc_zdynf63d34es_rFWsXLxi7jBgAaZUHbSp4gVl433KACfUCr6qLCl2hQq2L8nZr 0 {"valid":true,"id":"zdynf63d34es","name":"café","owner":"bob","state":"active","scopes":["inference"],"expires_at":"2027-09-08T09:00:00Z"}
-- token kc_k14gxm7f1v59_5QXkLd2i6yI45tvljJnErOhxQbnBYvt6b6eS0IzE1sf3XrVsa 0 {"valid":true,"id":"k14gxm7f1v59","name":"robot","owner":"carol","state":"active","scopes":[],"expires_at":null}
-- token kc_9kz669g5pyaz_t79Yz6sST1Xs4FgyElzPS7d7XkMpbhUeaSkwUYg9DAG3xJDUC 1 {"valid":false,"reason":"disabled","id":"9kz669g5pyaz"}
-- token kc_9zmpvmbsedp6_hu30fTgJwhiDzfxphmtiTexOq9NPyFxXKAFYAfq0BWE40TypG 0 {"valid":true,"id":"9zmpvmbsedp6","name":"drawer","owner":"bob","state":"active","scopes":["pictures"],"expires_at":"2027-09-10T09:00:00Z"}
-- token kc_78mezhc3vvrx_fscRb6G0EtV42DyP8VIz6QkxS8xormUNZGG3bNaYbjz4Fzpsj 0 {"valid":true,"id":"78mezhc3vvrx","name":"fast","owner":"bob","state":"active","scopes":["inference"],"expires_at":"2027-09-11T10:00:00Z"}
-- token kc_2ezmpnq3qvpa_aoKfzN4le7s1iYy6brJewqmBvBq0gr1SFTn5rFq2hIL0qggh6 0 {"valid":true,"id":"2ezmpnq3qvpa","name":"night","owner":"alice","state":"active","scopes":["inference"],"expires_at":"2027-10-01T09:00:00Z"}
-- token kc_nz6pvy9sfz18_gJmfN3kfMbUrbTfsJVRWWj9HY949Z5puZ6zzEz9WAby2t6RGh 0 {"valid":true,"id":"nz6pvy9sfz18","name":"ci","owner":"alice","state":"active","scopes":["inference","project"],"expires_at":"2027-11-01T09:00:00Z"}
-- key {"id":"3cy3683a3mpe","name":"first","owner":"carol","kind":"api","state":"active","usable":true,"scopes":["inference"],"labels":{},"created_at":"2026-09-01T08:00:00Z","created_by":"carol","expires_at":"2027-09-01T08:00:00Z","last_used_at":null,"usable_until":null,"disabled_at":null,"deleted_at":null,"replaces":null,"replaced_by":null}
-- key {"id":"7p0dmmth53st","name":"web","owner":"alice","kind":"api","state":"active","usable":true,"scopes":["project"],"labels":{"note":"say \"yes\" \\o/","team":"search"},"created_at":"2026-09-02T09:00:00Z","created_by":"alice","expires_at":"2027-06-29T09:00:00Z","last_used_at":"2026-11-20T09:00:00Z","usable_until":null,"disabled_at":null,"deleted_at":null,"replaces":null,"replaced_by":null}
-- key {"id":"y9v3zwb3kk2g","name":"ci","owner":"alice","kind":"api","state":"phased-out","usable":true,"scopes":["inference","project"],"labels":{"a":"b"},"created_at":"2026-09-03T10:00:00Z","created_by":"alice","expires_at":"2027-09-03T10:00:00Z","last_used_at":null,"usable_until":"2027-01-30T09:00:00Z","disabled_at":null,"deleted_at":null,"replaces":null,"replaced_by":"nz6pvy9sfz18"}
-- key {"id":"33q32fzz8ykv","name":"night","owner":"alice","kind":"api","state":"phased-out","usable":false,"scopes":["inference"],"labels":{},"created_at":"2026-09-03T11:00:00Z","created_by":"alice","expires_at":"2027-09-03T11:00:00Z","last_used_at":null,"usable_until":"2026-10-02T09:00:00Z","disabled_at":null,"deleted_at":null,"replaces":null,"replaced_by":"2ezmpnq3qvpa"}
-- key {"id":"j1f0akc9qpdw","name":"short","owner":"alice","kind":"api","state":"expired","usable":false,"scopes":["inference"],"labels":{},"created_at":"2026-09-04T09:00:00Z","created_by":"alice","expires_at":"2026-10-04T09:00:00Z","last_used_at":null,"usable_until":null,"disabled_at":null,"deleted_at":null,"replaces":null,"replaced_by":null}
-- key {"id":"cn8ergagq470","name":"off","owner":"alice","kind":"api","state":"disabled","usable":false,"scopes":["inference"],"labels":{},"created_at":"2026-09-05T09:00:00Z","created_by":"alice","expires_at":"2027-09-05T09:00:00Z","last_used_at":null,"usable_until":null,"disabled_at":"2026-09-05T10:00:00Z","deleted_at":null,"replaces":null,"replaced_by":null}
-- key {"id":"p83ke6zh0879","name":"back","owner":"alice","kind":"api","state":"active","usable":true,"scopes":["inference"],"labels":{},"created_at":"2026-09-06T09:00:00Z","created_by":"alice","expires_at":"2027-09-06T09:00:00Z","last_used_at":null,"usable_until":null,"disabled_at":null,"deleted_at":null,"replaces":null,"replaced_by":null}
-- key {"id":"d5z5m6dhrxpv","name":"gone","owner":"alice","kind":"api","state":"deleted","usable":false,"scopes":["project"],"labels":{"team":"search"},"created_at":"2026-09-07T09:00:00Z","created_by":"alice","expires_at":"2027-09-07T09:00:00Z","last_used_at":null,"usable_until":null,"disabled_at":null,"deleted_at":"2026-09-07T10:00:00Z","replaces":null,"replaced_by":null}
-- key {"id":"zdynf63d34es","name":"café","owner":"bob","kind":"api","state":"active","usable":true,"scopes":["inference"],"labels":{},"created_at":"2026-09-08T09:00:00Z","created_by":"bob","expires_at":"2027-09-08T09:00:00Z","last_used_at":null,"usable_until":null,"disabled_at":null,"deleted_at":null,"replaces":null,"replaced_by":null}
-- key {"id":"k14gxm7f1v59","name":"robot","owner":"carol","kind":"legacy","state":"active","usable":true,"scopes":[],"labels":{"team":"ops"},"created_at":"2026-09-09T09:00:00Z","created_by":"carol","expires_at":null,"last_used_at":null,"usable_until":null,"disabled_at":null,"deleted_at":null,"replaces":null,"replaced_by":null}
-- key {"id":"9kz669g5pyaz","name":"arm","owner":"carol","kind":"legacy","state":"disabled","usable":false,"scopes":[],"labels":{},"created_at":"2026-09-09T10:00:00Z","created_by":"carol","expires_at":null,"last_used_at":null,"usable_until":null,"disabled_at":"2026-09-09T11:00:00Z","deleted_at":null,"replaces":null,"replaced_by":null}
-- key {"id":"9zmpvmbsedp6","name":"drawer","owner":"bob","kind":"api","state":"active","usable":true,"scopes":["pictures"],"labels":{},"created_at":"2026-09-10T09:00:00Z","created_by":"bob","expires_at":"2027-09-10T09:00:00Z","last_used_at":null,"usable_until":null,"disabled_at":null,"deleted_at":null,"replaces":null,"replaced_by":null}
-- key {"id":"78mezhc3vvrx","name":"fast","owner":"bob","kind":"api","state":"active","usable":true,"scopes":["inference"],"labels":{},"created_at":"2026-09-11T10:00:00Z","created_by":"bob","expires_at":"2027-09-11T10:00:00Z","last_used_at":null,"usable_until":null,"disabled_at":null,"deleted_at":null,"replaces":null,"replaced_by":null}
-- key {"id":"2ezmpnq3qvpa","name":"night","owner":"alice","kind":"api","state":"active","usable":true,"scopes":["inference"],"labels":{},"created_at":"2026-10-01T09:00:00Z","created_by":"alice","expires_at":"2027-10-01T09:00:00Z","last_used_at":null,"usable_until":null,"disabled_at":null,"deleted_at":null,"replaces":"33q32fzz8ykv","replaced_by":null}
-- key {"id":"nz6pvy9sfz18","name":"ci","owner":"alice","kind":"api","state":"active","usable":true,"scopes":["inference","project"],"labels":{"a":"b"},"created_at":"2026-11-01T09:00:00Z","created_by":"alice","expires_at":"2027-11-01T09:00:00Z","last_used_at":null,"usable_until":null,"disabled_at":null,"deleted_at":null,"replaces":"y9v3zwb3kk2g","replaced_by":null}
-- head 37:2691230d41fb7184200db74311327c360f5f7f56aa3a6f3233186059b0c0b3b4
PRAGMA application_id = 1801679980;
PRAGMA user_version = 2;
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
INSERT INTO keys VALUES(1,'3cy3683a3mpe','first','carol','api','$argon2id$v=19$m=7168,t=5,p=1$h9OxWg8WG8PvnCuAEW6HnA$xiNu8UJEfl+L7pOBJj3Owek/8qVisuwkBmfKQoTEoWc',1788249600000,'carol',1819785600000,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO keys VALUES(2,'7p0dmmth53st','web','alice','api','$argon2id$v=19$m=7168,t=5,p=1$xpQJ1BxWBB4sF5v2etudMg$5mAHHbH80xcJe4qCNJ+tIGtvJ5osnXFKSSRgdzHJ0Pk',1788339600000,'alice',1814259600000,1795165200000,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO keys VALUES(3,'y9v3zwb3kk2g','ci','alice','api','$argon2id$v=19$m=7168,t=5,p=1$/w9IspwhT0DfIaPWohnwRg$gZg34GfUub+JLvmfEMXA16azlO9YxQQgkKviKTIDH7g',1788429600000,'alice',1819965600000,NULL,1793523600000,1801299600000,NULL,NULL,NULL,NULL,'nz6pvy9sfz18');
INSERT INTO keys VALUES(4,'33q32fzz8ykv','night','alice','api','$argon2id$v=19$m=7168,t=5,p=1$jVqvz/sCcug3PprOHrgwzg$k463Sf+LXL08btztarXRr39/Jk2XrvTRHg7rJ5TysNw',1788433200000,'alice',1819969200000,NULL,1790845200000,1790931600000,NULL,NULL,NULL,NULL,'2ezmpnq3qvpa');
INSERT INTO keys VALUES(5,'j1f0akc9qpdw','short','alice','api','$argon2id$v=19$m=7168,t=5,p=1$hnCNacj6/nyCHeGLGzablg$qPcrqgnK7Nh+bv0IOEbzQez4x5hybn1VoSV0E0/fj2g',1788512400000,'alice',1791104400000,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO keys VALUES(6,'cn8ergagq470','off','alice','api','$argon2id$v=19$m=7168,t=5,p=1$ALGJcGUIeTAZmaY8VNs2mA$tfnBDmrGbiJJxVT4fWjpr201LG/OosjqwNUJMhH41Es',1788598800000,'alice',1820134800000,NULL,NULL,NULL,1788602400000,'carol',NULL,NULL,NULL);
INSERT INTO keys VALUES(7,'p83ke6zh0879','back','alice','api','$argon2id$v=19$m=7168,t=5,p=1$Ycost3ZtruKydt2Vd3ba2Q$OrqmfINrObsTljc60WbzyHBUjsaTng53mG/Wq8LD99E',1788685200000,'alice',1820221200000,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO keys VALUES(8,'d5z5m6dhrxpv','gone','alice','api',NULL,1788771600000,'alice',1820307600000,NULL,NULL,NULL,NULL,NULL,1788775200000,NULL,NULL);
INSERT INTO keys VALUES(9,'zdynf63d34es','café','bob','api','$argon2id$v=19$m=7168,t=5,p=1$dwstD0D2sX9lGGJCM30u7w$x+ENCfpdeqzQUmO6fo+oBMwtFJNb37Ux9WsFKxkLBOI',1788858000000,'bob',1820394000000,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO keys VALUES(10,'k14gxm7f1v59','robot','carol','legacy','$argon2id$v=19$m=7168,t=5,p=1$NUyRHV+gRHU+MeID75mSIw$3D0YquCeUhqWfZaTNkLK9bACqF9h46RqksJ1y3wAm+M',1788944400000,'carol',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO keys VALUES(11,'9kz669g5pyaz','arm','carol','legacy','$argon2id$v=19$m=7168,t=5,p=1$b62U5kG47RAw1yTlEOpiBA$C2NueUtTEbO/mRv3GQ4aZGk6pglks6UHDyIOctWU/gk',1788948000000,'carol',NULL,NULL,NULL,NULL,1788951600000,'carol',NULL,NULL,NULL);
INSERT INTO keys VALUES(12,'9zmpvmbsedp6','drawer','bob','api','$argon2id$v=19$m=7168,t=5,p=1$x417q2QFOp1j3Fcm+pvpnA$6VHWZgyopXtJScPG0ad260M4AZ6FtC/ZpisZWFv+jj8',1789030800000,'bob',1820566800000,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO keys VALUES(13,'78mezhc3vvrx','fast','bob','api','$sha256$syFWm0bop/y4XggKc/9ZKGwlii6Rs8im5Ztyzqo/epk',1789120800000,'bob',1820656800000,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO keys VALUES(14,'2ezmpnq3qvpa','night','alice','api','$argon2id$v=19$m=7168,t=5,p=1$vrFc+CL30678SvzGHy5YxQ$Z3zQRInmV/1nnXtdDE4Ou7lfYV7FeZqDPFCHkG/yzD4',1790845200000,'alice',1822381200000,NULL,NULL,NULL,NULL,NULL,NULL,'33q32fzz8ykv',NULL);
INSERT INTO keys VALUES(15,'nz6pvy9sfz18','ci','alice','api','$argon2id$v=19$m=7168,t=5,p=1$4176HSP6f3br942vxUHcpA$IfNsjvK0ww2Z+Ez4RQ2cqCwGbU6W5cEio2mYnFtrKYU',1793523600000,'alice',1825059600000,NULL,NULL,NULL,NULL,NULL,NULL,'y9v3zwb3kk2g',NULL);
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
INSERT INTO events VALUES(2,1788249600000,'carol','create','3cy3683a3mpe','{"expires_at":"2027-09-01T08:00:00Z","kind":"api","labels":{},"name":"first","owner":"carol","scopes":["inference"],"uid":0}',X'76a9effa9b33717686505caee975eaddcdd03dd7b155edba326e25385459ead7');
INSERT INTO events VALUES(3,1788250200000,'carol','policy',NULL,'{"name":"default-grace","new":"7d","old":"0s","uid":0}',X'0a2593328286580f29918fd653f185f72218d6a8e07955451e7a216943b19115');
INSERT INTO events VALUES(4,1788250800000,'carol','scope-add',NULL,'{"description":"drawings","implies":["inference"],"scope":"pictures","uid":0}',X'2f315abf23e2597bd4876685b5d0fe6669a0f661a8e920c77121f117708f570f');
INSERT INTO events VALUES(5,1788251400000,'carol','member-add',NULL,'{"project":"search","role":{"new":"owner","old":null},"uid":0,"user":"alice"}',X'0f8801110a717a9de6cd1e8dc95e8281826e02d370ffd9cb60c401a239ef25f1');
INSERT INTO events VALUES(6,1788251460000,'carol','member-add',NULL,'{"project":"search","role":{"new":"collaborator","old":null},"uid":0,"user":"bob"}',X'0a2da4c5cd019e9b2b4fd7cb8fbaa2d59da94484a055e8afd899a0574c09fae0');
INSERT INTO events VALUES(7,1788252000000,'carol','admin-add',NULL,'{"uid":0,"user":"dora"}',X'd94104a71136adffea80261beb118f10540217b56d5b3dd737063bc2e062e5f3');
INSERT INTO events VALUES(8,1788339600000,'alice','create','7p0dmmth53st','{"expires_at":"2027-06-29T09:00:00Z","kind":"api","labels":{"team":"search"},"name":"web","owner":"alice","scopes":["project"],"uid":0}',X'da0c35b8e6422dbd0255d088ff2d61db6d254f3cd6ada71b10c8b96b594f16e9');
INSERT INTO events VALUES(9,1788340200000,'alice','edit','7p0dmmth53st','{"labels":{"new":{"note":"say \"yes\" \\o/","team":"search"},"old":{"team":"search"}},"reason":"noted","uid":0}',X'c477b0a6b520fe0d91ee741869ce8e35fb60d4b4141ef81b3a9f79eef0e2cca0');
INSERT INTO events VALUES(10,1788340800000,'bob','create','scbyyvdvg89b','{"expires_at":"2026-09-02T10:20:00Z","kind":"api","labels":{},"name":"old","owner":"bob","scopes":["inference"],"uid":0}',X'b94b73a5ae4a3451e880170dcf78683562f2c0ee77ca3efe7d7bdfb09a95c03a');
INSERT INTO events VALUES(11,1788426000000,'carol','purge','scbyyvdvg89b','{"name":"old","owner":"bob","reason":"tidy","state":"expired","uid":0}',X'343aa3b68b61ea46aa60a17985c1ad2686ae5216d6cfada36a99e847d3a79c9c');
INSERT INTO events VALUES(12,1788429600000,'alice','create','y9v3zwb3kk2g','{"expires_at":"2027-09-03T10:00:00Z","kind":"api","labels":{"a":"b"},"name":"ci","owner":"alice","scopes":["inference","project"],"uid":0}',X'ca114ca6708ba591d7a34f87b8295fd4f13458ea6794cbc1788fb2d26627705c');
INSERT INTO events VALUES(13,1788433200000,'alice','create','33q32fzz8ykv','{"expires_at":"2027-09-03T11:00:00Z","kind":"api","labels":{},"name":"night","owner":"alice","scopes":["inference"],"uid":0}',X'37290b744c9d22626895d43253f2092fda6dc71f0e76a43e6d22da3cdbf0725f');
INSERT INTO events VALUES(14,1788512400000,'alice','create','j1f0akc9qpdw','{"expires_at":"2026-10-04T09:00:00Z","kind":"api","labels":{},"name":"short","owner":"alice","scopes":["inference"],"uid":0}',X'1655e86ddc72d3f2c056c0d859aa32b1b0acd85c668de67107b9a179f42a622b');
INSERT INTO events VALUES(15,1788598800000,'alice','create','cn8ergagq470','{"expires_at":"2027-09-05T09:00:00Z","kind":"api","labels":{},"name":"off","owner":"alice","scopes":["inference"],"uid":0}',X'b22bf96cfaef3ba98dee14595ddc1b90652791e4aeeb689090b29aa489725519');
INSERT INTO events VALUES(16,1788602400000,'carol','disable','cn8ergagq470','{"reason":"left","uid":0}',X'6ee55c8389a6330c6664cf14f4329f9ff1c447202b8fd0a96c209c61842e71e7');
INSERT INTO events VALUES(17,1788685200000,'alice','create','p83ke6zh0879','{"expires_at":"2027-09-06T09:00:00Z","kind":"api","labels":{},"name":"back","owner":"alice","scopes":["inference"],"uid":0}',X'ed540786cd4a0ee6889b25b89e8bd69f655d5e1caf70fb570f603ff59f21317e');
INSERT INTO events VALUES(18,1788688800000,'alice','disable','p83ke6zh0879','{"uid":0}',X'2b3b07a3cc5aec0f64a45b67aac4a53d043a8ff99a1a463ec117e7d64234d41f');
INSERT INTO events VALUES(19,1788692400000,'alice','enable','p83ke6zh0879','{"uid":0}',X'2c6e9fbbd52f1abee4452d4e1d8e4744aa1ecb35c227223700f67a58571530a1');
INSERT INTO events VALUES(20,1788771600000,'alice','create','d5z5m6dhrxpv','{"expires_at":"2027-09-07T09:00:00Z","kind":"api","labels":{"team":"search"},"name":"gone","owner":"alice","scopes":["project"],"uid":0}',X'32c9760599d08106afb2bce354b11eb9f504128b74ed19b74506d652a4ba7248');
INSERT INTO events VALUES(21,1788775200000,'alice','delete','d5z5m6dhrxpv','{"reason":"leaked","uid":0}',X'e7f25157d9c25d4712e62e0639534a094084e6966199ccc31a19ec8228b85982');
INSERT INTO events VALUES(22,1788858000000,'bob','create','zdynf63d34es','{"expires_at":"2027-09-08T09:00:00Z","kind":"api","labels":{},"name":"café","owner":"bob","scopes":["inference"],"uid":0}',X'89ad1d21550d12008df79123e2b831bf1aa4f8def8531b946a180a63767b18f5');
INSERT INTO events VALUES(23,1788944400000,'carol','create','k14gxm7f1v59','{"expires_at":null,"kind":"legacy","labels":{"team":"ops"},"name":"robot","owner":"carol","scopes":[],"uid":0}',X'c505349b07fce350d9392b39a308dfe938470f049d47d15b0d298ac2ef7ba775');
INSERT INTO events VALUES(24,1788948000000,'carol','create','9kz669g5pyaz','{"expires_at":null,"kind":"legacy","labels":{},"name":"arm","owner":"carol","scopes":[],"uid":0}',X'b312c59a0730b724303338d19397275413b7bc0f335e389e735a70fe11759cbd');
INSERT INTO events VALUES(25,1788951600000,'carol','disable','9kz669g5pyaz','{"uid":0}',X'cb455b21b500d6d85160790f84834a3eb5f1ccd06c675471eb52249f78ea6970');
INSERT INTO events VALUES(26,1789030800000,'bob','create','9zmpvmbsedp6','{"expires_at":"2027-09-10T09:00:00Z","kind":"api","labels":{},"name":"drawer","owner":"bob","scopes":["pictures"],"uid":0}',X'c595495601cdd21dfee28497b78e83ea2929648c293f949a429987b90ba8d14d');
INSERT INTO events VALUES(27,1789117200000,'carol','policy',NULL,'{"name":"hash","new":"sha256","old":"argon2id","uid":0}',X'1f036487819d838ae6935d4554022b6c6b7a967a134bc5c13f7934836c900061');
INSERT INTO events VALUES(28,1789120800000,'bob','create','78mezhc3vvrx','{"expires_at":"2027-09-11T10:00:00Z","kind":"api","labels":{},"name":"fast","owner":"bob","scopes":["inference"],"uid":0}',X'13c368aaa77409ee12dc2afcf0a2f43a6500a9f6c897a6669897b2af895dd968');
INSERT INTO events VALUES(29,1789124400000,'carol','policy',NULL,'{"name":"hash","new":"argon2id","old":"sha256","uid":0}',X'ae594f6a2e9ffdbc43fb8a05b95fcbd6d964435e0926526b56de19a637dbe726');
INSERT INTO events VALUES(30,1789203600000,'bob','refuse',NULL,'{"code":"policy","command":"create","message":"expiry 2029-09-11T09:00:00Z is later than policy allows: the latest is 2027-09-12T09:00:00Z","uid":0}',X'96e6784501a0cac3e7b079aba36a28de74a10969b3c9f7f3cb3aa72671dddf20');
INSERT INTO events VALUES(31,1790845200000,'alice','rotate','33q32fzz8ykv','{"replaced_by":"2ezmpnq3qvpa","uid":0,"usable_until":"2026-10-02T09:00:00Z"}',X'00eb27ddabc5bb774b5cf06c00d0d185aacd3fb2e164f8b7580a1728e8bcd141');
INSERT INTO events VALUES(32,1790845200000,'alice','create','2ezmpnq3qvpa','{"expires_at":"2027-10-01T09:00:00Z","kind":"api","labels":{},"name":"night","owner":"alice","replaces":"33q32fzz8ykv","scopes":["inference"],"uid":0}',X'8bdd6043e0d059451a5d3dd063ba980b594dda6287fa4a0fdb309fbdfc4b2a82');
INSERT INTO events VALUES(33,1793523600000,'alice','rotate','y9v3zwb3kk2g','{"replaced_by":"nz6pvy9sfz18","uid":0,"usable_until":"2027-01-30T09:00:00Z"}',X'9ab844e827fe121268d3296cc420f46322a434d251fbb62919f4920aad0d8576');
INSERT INTO events VALUES(34,1793523600000,'alice','create','nz6pvy9sfz18','{"expires_at":"2027-11-01T09:00:00Z","kind":"api","labels":{"a":"b"},"name":"ci","owner":"alice","replaces":"y9v3zwb3kk2g","scopes":["inference","project"],"uid":0}',X'2c7d6db4b0276a514a091ec1ebb9dca69804e16676d1dffc3d89a859f8bfd7ee');
INSERT INTO events VALUES(35,1795165800000,'alice','reuse','33q32fzz8ykv','{"state":"phased-out","uid":0}',X'92d1709a2bd94d9df91ad16814bd984798ad4a0ad922ee161a305d5b89fbcc12');
INSERT INTO events VALUES(36,1795166400000,'alice','reuse','j1f0akc9qpdw','{"state":"expired","uid":0}',X'e731d0137fb86305cf2259753896406b06844e99fd26472deb4e5db219c4ff01');
INSERT INTO events VALUES(37,1795167000000,'alice','reuse','cn8ergagq470','{"state":"disabled","uid":0}',X'2691230d41fb7184200db74311327c360f5f7f56aa3a6f3233186059b0c0b3b4');
CREATE TABLE event_head (
    one  INTEGER PRIMARY KEY CHECK (one = 1),
    seq  INTEGER NOT NULL,
    hash BLOB NOT NULL
) STRICT;
INSERT INTO event_head VALUES(1,37,X'2691230d41fb7184200db74311327c360f5f7f56aa3a6f3233186059b0c0b3b4');
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
COMMIT;
