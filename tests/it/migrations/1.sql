-- token kc_09jdyxrny5kc_JlSTt1BHQPdmfUmZTHnd0VnBtSfO0t3Lf9iqaGTrkBd3PVWk4 0 {"valid":true,"id":"09jdyxrny5kc","name":"first","owner":"carol","state":"active","scopes":["inference"],"expires_at":"2027-09-01T08:00:00Z"}
-- token kc_36rmndhyvr3s_RSSCmwl2SxKg6I0NU07IE9LzKtC7NBVkvinu7sRcBQ53OpmVb 0 {"valid":true,"id":"36rmndhyvr3s","name":"web","owner":"alice","state":"active","scopes":["project"],"expires_at":"2027-06-29T09:00:00Z"}
-- token kc_fxq47xbagzch_XmX1BQU2m1MC9bAV8cWbvINVPEccE32drlLTlRmMltU3WYQNL 1 {"valid":false,"reason":"unknown"}
-- token kc_2cmdvcfhma9c_c2YyIKWYoCMII1fCjpxuKqCCeFhDqhsnlCrrGQSB1B32CkeX7 0 {"valid":true,"id":"2cmdvcfhma9c","name":"ci","owner":"alice","state":"phased-out","scopes":["inference","project"],"expires_at":"2027-09-03T10:00:00Z","usable_until":"2027-01-30T09:00:00Z","replaced_by":"6277r7a1ep7t"}
-- token kc_mcx5g58rc5qg_tVAk2RZBohJgXt7L6Wlv4DSmtKl0eAYXCoBFYejk1PG3QiRQf 1 {"valid":false,"reason":"phased-out","id":"mcx5g58rc5qg"}
-- token kc_g44ppzmcjhsv_qU2JaOYEx5JgZBv8CARafMh5e3VW6v0PvkyWWDSa4rA0Hey3n 1 {"valid":false,"reason":"expired","id":"g44ppzmcjhsv"}
-- token kc_s52vhwj8bvhn_0sxlqmbKlmnCGZkyfRloZ4RjaMF5NmOqZK58uw9mXZy38KKTL 1 {"valid":false,"reason":"disabled","id":"s52vhwj8bvhn"}
-- token kc_272mjy3yb7s6_noXFeTmuwlnQflFnD3kKh1ZrGYb9bmYblCDxTACmYrY21JhEX 0 {"valid":true,"id":"272mjy3yb7s6","name":"back","owner":"alice","state":"active","scopes":["inference"],"expires_at":"2027-09-06T09:00:00Z"}
-- token kc_yvpzgzmg0mc0_zUIJ9DiOVEMf19kYclJkgvWMIMrnnU1Rs9pQes8qZsW3zHQv9 1 {"valid":false,"reason":"unknown"}
-- token kc_cdedgkjpb0nh_w2gWmlnQwP6Y4xkkECYSAfAek5cZxnUoKXKU5u0tcgg3dEBm4 0 {"valid":true,"id":"cdedgkjpb0nh","name":"café","owner":"bob","state":"active","scopes":["inference"],"expires_at":"2027-09-08T09:00:00Z"}
-- token kc_jpyteb26c1y2_4KCXLV5eEHfNxxfmGGfDR9zFh3RrjjcDiOH3IN7run01pBa8p 0 {"valid":true,"id":"jpyteb26c1y2","name":"night","owner":"alice","state":"active","scopes":["inference"],"expires_at":"2027-10-01T09:00:00Z"}
-- token kc_6277r7a1ep7t_LKasSAg6mNEREEyR3MKDQf5RW2ZI2XJVKtfIwFKkR0e27Maco 0 {"valid":true,"id":"6277r7a1ep7t","name":"ci","owner":"alice","state":"active","scopes":["inference","project"],"expires_at":"2027-11-01T09:00:00Z"}
-- key {"id":"09jdyxrny5kc","name":"first","owner":"carol","kind":"api","state":"active","usable":true,"scopes":["inference"],"labels":{},"created_at":"2026-09-01T08:00:00Z","created_by":"carol","expires_at":"2027-09-01T08:00:00Z","last_used_at":null,"usable_until":null,"disabled_at":null,"deleted_at":null,"replaces":null,"replaced_by":null}
-- key {"id":"36rmndhyvr3s","name":"web","owner":"alice","kind":"api","state":"active","usable":true,"scopes":["project"],"labels":{"note":"say \"yes\" \\o/","team":"search"},"created_at":"2026-09-02T09:00:00Z","created_by":"alice","expires_at":"2027-06-29T09:00:00Z","last_used_at":"2026-11-20T09:00:00Z","usable_until":null,"disabled_at":null,"deleted_at":null,"replaces":null,"replaced_by":null}
-- key {"id":"2cmdvcfhma9c","name":"ci","owner":"alice","kind":"api","state":"phased-out","usable":true,"scopes":["inference","project"],"labels":{"a":"b"},"created_at":"2026-09-03T10:00:00Z","created_by":"alice","expires_at":"2027-09-03T10:00:00Z","last_used_at":null,"usable_until":"2027-01-30T09:00:00Z","disabled_at":null,"deleted_at":null,"replaces":null,"replaced_by":"6277r7a1ep7t"}
-- key {"id":"mcx5g58rc5qg","name":"night","owner":"alice","kind":"api","state":"phased-out","usable":false,"scopes":["inference"],"labels":{},"created_at":"2026-09-03T11:00:00Z","created_by":"alice","expires_at":"2027-09-03T11:00:00Z","last_used_at":null,"usable_until":"2026-10-02T09:00:00Z","disabled_at":null,"deleted_at":null,"replaces":null,"replaced_by":"jpyteb26c1y2"}
-- key {"id":"g44ppzmcjhsv","name":"short","owner":"alice","kind":"api","state":"expired","usable":false,"scopes":["inference"],"labels":{},"created_at":"2026-09-04T09:00:00Z","created_by":"alice","expires_at":"2026-10-04T09:00:00Z","last_used_at":null,"usable_until":null,"disabled_at":null,"deleted_at":null,"replaces":null,"replaced_by":null}
-- key {"id":"s52vhwj8bvhn","name":"off","owner":"alice","kind":"api","state":"disabled","usable":false,"scopes":["inference"],"labels":{},"created_at":"2026-09-05T09:00:00Z","created_by":"alice","expires_at":"2027-09-05T09:00:00Z","last_used_at":null,"usable_until":null,"disabled_at":"2026-09-05T10:00:00Z","deleted_at":null,"replaces":null,"replaced_by":null}
-- key {"id":"272mjy3yb7s6","name":"back","owner":"alice","kind":"api","state":"active","usable":true,"scopes":["inference"],"labels":{},"created_at":"2026-09-06T09:00:00Z","created_by":"alice","expires_at":"2027-09-06T09:00:00Z","last_used_at":null,"usable_until":null,"disabled_at":null,"deleted_at":null,"replaces":null,"replaced_by":null}
-- key {"id":"yvpzgzmg0mc0","name":"gone","owner":"alice","kind":"api","state":"deleted","usable":false,"scopes":["project"],"labels":{"team":"search"},"created_at":"2026-09-07T09:00:00Z","created_by":"alice","expires_at":"2027-09-07T09:00:00Z","last_used_at":null,"usable_until":null,"disabled_at":null,"deleted_at":"2026-09-07T10:00:00Z","replaces":null,"replaced_by":null}
-- key {"id":"cdedgkjpb0nh","name":"café","owner":"bob","kind":"api","state":"active","usable":true,"scopes":["inference"],"labels":{},"created_at":"2026-09-08T09:00:00Z","created_by":"bob","expires_at":"2027-09-08T09:00:00Z","last_used_at":null,"usable_until":null,"disabled_at":null,"deleted_at":null,"replaces":null,"replaced_by":null}
-- key {"id":"jpyteb26c1y2","name":"night","owner":"alice","kind":"api","state":"active","usable":true,"scopes":["inference"],"labels":{},"created_at":"2026-10-01T09:00:00Z","created_by":"alice","expires_at":"2027-10-01T09:00:00Z","last_used_at":null,"usable_until":null,"disabled_at":null,"deleted_at":null,"replaces":"mcx5g58rc5qg","replaced_by":null}
-- key {"id":"6277r7a1ep7t","name":"ci","owner":"alice","kind":"api","state":"active","usable":true,"scopes":["inference","project"],"labels":{"a":"b"},"created_at":"2026-11-01T09:00:00Z","created_by":"alice","expires_at":"2027-11-01T09:00:00Z","last_used_at":null,"usable_until":null,"disabled_at":null,"deleted_at":null,"replaces":"2cmdvcfhma9c","replaced_by":null}
-- head 24:d03ed72a24e70531997c18ff319d74b5ce83512e41379d626fa7b2e65ee6b24d
PRAGMA application_id = 1801679980;
PRAGMA user_version = 1;
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
INSERT INTO keys VALUES(1,'09jdyxrny5kc','first','carol','api','$argon2id$v=19$m=7168,t=5,p=1$SjIvgziTMJWathGqbd4jvA$aKYIiua3nUAvZH/6iZp+neYmighSQT3jeNwhiJRVjoI',1788249600000,'carol',1819785600000,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO keys VALUES(2,'36rmndhyvr3s','web','alice','api','$argon2id$v=19$m=7168,t=5,p=1$nKHbRu/Mjwtd5j29Tzox+g$KewrEhy0/WwkU7VvUYi6cuVjxlnsvgipaLV2kI6jI4I',1788339600000,'alice',1814259600000,1795165200000,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO keys VALUES(3,'2cmdvcfhma9c','ci','alice','api','$argon2id$v=19$m=7168,t=5,p=1$bFwn9dzL4f8hHe/yln8BZA$BKGdxfVT2VXpBFjOP4aiOOk9VS4iZksF75VhxABaukM',1788429600000,'alice',1819965600000,NULL,1793523600000,1801299600000,NULL,NULL,NULL,NULL,'6277r7a1ep7t');
INSERT INTO keys VALUES(4,'mcx5g58rc5qg','night','alice','api','$argon2id$v=19$m=7168,t=5,p=1$D59nk6Nbu/1fkRBT4Br4mQ$QB6aF9H1KdDmglpBRhoPghtOxMxxCw2oj3s1bJE+BR4',1788433200000,'alice',1819969200000,NULL,1790845200000,1790931600000,NULL,NULL,NULL,NULL,'jpyteb26c1y2');
INSERT INTO keys VALUES(5,'g44ppzmcjhsv','short','alice','api','$argon2id$v=19$m=7168,t=5,p=1$ottd7vqiBi5a6CHeLiH2Mw$mzlXXi+cF/NqfoMm4ivOVXizNijVzDjY2xAapXGKjLw',1788512400000,'alice',1791104400000,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO keys VALUES(6,'s52vhwj8bvhn','off','alice','api','$argon2id$v=19$m=7168,t=5,p=1$BSzJl6DS8m86XAVQTaGB3Q$cYzKIxlhOow7XxCY8u0orUTKEVqtL0gBsT5d11VB6Is',1788598800000,'alice',1820134800000,NULL,NULL,NULL,1788602400000,'carol',NULL,NULL,NULL);
INSERT INTO keys VALUES(7,'272mjy3yb7s6','back','alice','api','$argon2id$v=19$m=7168,t=5,p=1$KBN0c3IWke2LDXiUVpqWnw$gGxSVNOWv4UVe/G2duaSriVV334i3gKTyzetZD2moRQ',1788685200000,'alice',1820221200000,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO keys VALUES(8,'yvpzgzmg0mc0','gone','alice','api',NULL,1788771600000,'alice',1820307600000,NULL,NULL,NULL,NULL,NULL,1788775200000,NULL,NULL);
INSERT INTO keys VALUES(9,'cdedgkjpb0nh','café','bob','api','$argon2id$v=19$m=7168,t=5,p=1$Tbz+qWFo5Tljy+Db/nzASA$Ppe4kFHy8zb/XCtCDMMhHZMnsZdV16Ge3sJyF9HU+tE',1788858000000,'bob',1820394000000,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO keys VALUES(10,'jpyteb26c1y2','night','alice','api','$argon2id$v=19$m=7168,t=5,p=1$w8WOQ4G8iNlUl2EmbQhGQQ$CNLIMnDqafNY+TlhUkl0W/HwXX7rDimFfqgRFSdPGTw',1790845200000,'alice',1822381200000,NULL,NULL,NULL,NULL,NULL,NULL,'mcx5g58rc5qg',NULL);
INSERT INTO keys VALUES(11,'6277r7a1ep7t','ci','alice','api','$argon2id$v=19$m=7168,t=5,p=1$1lMemWtbKTB5qtQo/oyGpg$dBrN6uiEva3z7t2MAV4ZzjHjSYcI0aux9zeP9vJyv7s',1793523600000,'alice',1825059600000,NULL,NULL,NULL,NULL,NULL,NULL,'2cmdvcfhma9c',NULL);
CREATE TABLE scopes (
    name        TEXT PRIMARY KEY,
    description TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO scopes VALUES('inference','make inferences on trained models');
INSERT INTO scopes VALUES('project','manage projects, upload data sets, train models, make predictions');
CREATE TABLE scope_implies (
    name    TEXT NOT NULL REFERENCES scopes,
    implied TEXT NOT NULL REFERENCES scopes,
    PRIMARY KEY (name, implied)
) STRICT, WITHOUT ROWID;
INSERT INTO scope_implies VALUES('project','inference');
CREATE TABLE key_scopes (
    key   INTEGER NOT NULL REFERENCES keys ON DELETE CASCADE,
    scope TEXT NOT NULL REFERENCES scopes,
    PRIMARY KEY (key, scope)
) STRICT, WITHOUT ROWID;
INSERT INTO key_scopes VALUES(1,'inference');
INSERT INTO key_scopes VALUES(3,'inference');
INSERT INTO key_scopes VALUES(4,'inference');
INSERT INTO key_scopes VALUES(5,'inference');
INSERT INTO key_scopes VALUES(6,'inference');
INSERT INTO key_scopes VALUES(7,'inference');
INSERT INTO key_scopes VALUES(9,'inference');
INSERT INTO key_scopes VALUES(10,'inference');
INSERT INTO key_scopes VALUES(11,'inference');
INSERT INTO key_scopes VALUES(2,'project');
INSERT INTO key_scopes VALUES(3,'project');
INSERT INTO key_scopes VALUES(8,'project');
INSERT INTO key_scopes VALUES(11,'project');
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
INSERT INTO key_labels VALUES(11,'a','b');
CREATE TABLE policy (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE administrators (
    name TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;
INSERT INTO administrators VALUES('carol');
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
INSERT INTO events VALUES(2,1788249600000,'carol','create','09jdyxrny5kc','{"expires_at":"2027-09-01T08:00:00Z","labels":{},"name":"first","owner":"carol","scopes":["inference"],"uid":0}',X'8fa153e140755d7ce81530199528aeec66e63b2793be24c0f0acc3e6a2db813b');
INSERT INTO events VALUES(3,1788339600000,'alice','create','36rmndhyvr3s','{"expires_at":"2027-06-29T09:00:00Z","labels":{"team":"search"},"name":"web","owner":"alice","scopes":["project"],"uid":0}',X'7bfdeae9ac457a6a930cf8a27e2664839ccac72f05235aff96ec5d6a0d83fab9');
INSERT INTO events VALUES(4,1788340200000,'alice','edit','36rmndhyvr3s','{"labels":{"new":{"note":"say \"yes\" \\o/","team":"search"},"old":{"team":"search"}},"reason":"noted","uid":0}',X'82999f10bf217457214bcb445ad8e3e439ec356b1610da5b79b5fe29bb887755');
INSERT INTO events VALUES(5,1788340800000,'bob','create','fxq47xbagzch','{"expires_at":"2026-09-02T10:20:00Z","labels":{},"name":"old","owner":"bob","scopes":["inference"],"uid":0}',X'bf08fe1b902f905790224c3705a0f8f89742b94edf67549c5cf72e5ecaa39bca');
INSERT INTO events VALUES(6,1788426000000,'carol','purge','fxq47xbagzch','{"name":"old","owner":"bob","reason":"tidy","state":"expired","uid":0}',X'981a59c3b3b8791d1b0cab0c363a5f7617a14783d0d8858ec7f556b0397c4300');
INSERT INTO events VALUES(7,1788429600000,'alice','create','2cmdvcfhma9c','{"expires_at":"2027-09-03T10:00:00Z","labels":{"a":"b"},"name":"ci","owner":"alice","scopes":["inference","project"],"uid":0}',X'f4bd12f16b456eaf5e0e7f142bfd71befa135231349c7233a9b48ef39f00e29d');
INSERT INTO events VALUES(8,1788433200000,'alice','create','mcx5g58rc5qg','{"expires_at":"2027-09-03T11:00:00Z","labels":{},"name":"night","owner":"alice","scopes":["inference"],"uid":0}',X'd4de73640637080b71da76d6e3d5eb0fb680580b8f490d175ac36038873caf7a');
INSERT INTO events VALUES(9,1788512400000,'alice','create','g44ppzmcjhsv','{"expires_at":"2026-10-04T09:00:00Z","labels":{},"name":"short","owner":"alice","scopes":["inference"],"uid":0}',X'27ee3d7e898677ac3f75ef38e4986ab0f9c163af74ea9d9e9e21b5cc17a51fbf');
INSERT INTO events VALUES(10,1788598800000,'alice','create','s52vhwj8bvhn','{"expires_at":"2027-09-05T09:00:00Z","labels":{},"name":"off","owner":"alice","scopes":["inference"],"uid":0}',X'2ccd9c2cd201f489dfc429765156bc8f84377fe295c2631f7bdbbb617d24df9f');
INSERT INTO events VALUES(11,1788602400000,'carol','disable','s52vhwj8bvhn','{"reason":"left","uid":0}',X'89ed019a64232dcd0d77c869b09822b59e61fc1a70c0130d06f8cb94b0e103b8');
INSERT INTO events VALUES(12,1788685200000,'alice','create','272mjy3yb7s6','{"expires_at":"2027-09-06T09:00:00Z","labels":{},"name":"back","owner":"alice","scopes":["inference"],"uid":0}',X'8768c3f0dbab5ddee5e9bfa403dd15c94d288def61d18ff76c89a0725b983c64');
INSERT INTO events VALUES(13,1788688800000,'alice','disable','272mjy3yb7s6','{"uid":0}',X'782af4e25d6644c991cd31b904bb2ed6e93a02872eff1bfc5eded25251c4ad57');
INSERT INTO events VALUES(14,1788692400000,'alice','enable','272mjy3yb7s6','{"uid":0}',X'652b36a81e4c5dd8f8d7d04358374a97c164a8b17bb6fa3719a258c51d0cc54e');
INSERT INTO events VALUES(15,1788771600000,'alice','create','yvpzgzmg0mc0','{"expires_at":"2027-09-07T09:00:00Z","labels":{"team":"search"},"name":"gone","owner":"alice","scopes":["project"],"uid":0}',X'3af97819238b7e40988036f75d2ec5d3685d0f1430f07de1d00229ee60055bc6');
INSERT INTO events VALUES(16,1788775200000,'alice','delete','yvpzgzmg0mc0','{"reason":"leaked","uid":0}',X'a67c79863871c4400dfe5c119d87a9e030ab9077251a88beeccecad644aff3cb');
INSERT INTO events VALUES(17,1788858000000,'bob','create','cdedgkjpb0nh','{"expires_at":"2027-09-08T09:00:00Z","labels":{},"name":"café","owner":"bob","scopes":["inference"],"uid":0}',X'5ba2e9435150f0f4998e27e89b96ca108aee10e81a705f63d70c37598408d7b6');
INSERT INTO events VALUES(18,1790845200000,'alice','rotate','mcx5g58rc5qg','{"replaced_by":"jpyteb26c1y2","uid":0,"usable_until":"2026-10-02T09:00:00Z"}',X'cc9d35a4c420d7bd1bd1a2fe49e1b3f7319af626adea77ac6f40b4dd84be1bc5');
INSERT INTO events VALUES(19,1790845200000,'alice','create','jpyteb26c1y2','{"expires_at":"2027-10-01T09:00:00Z","labels":{},"name":"night","owner":"alice","replaces":"mcx5g58rc5qg","scopes":["inference"],"uid":0}',X'b0ba780e97a8f2efe7f5d1a4920bc08ca06fdd662ecffbc492cf607467cb6639');
INSERT INTO events VALUES(20,1793523600000,'alice','rotate','2cmdvcfhma9c','{"replaced_by":"6277r7a1ep7t","uid":0,"usable_until":"2027-01-30T09:00:00Z"}',X'5d90c1a1116ae88dc6f99d82d14641075f28fcd58fdd308ee840b89360ea1f3b');
INSERT INTO events VALUES(21,1793523600000,'alice','create','6277r7a1ep7t','{"expires_at":"2027-11-01T09:00:00Z","labels":{"a":"b"},"name":"ci","owner":"alice","replaces":"2cmdvcfhma9c","scopes":["inference","project"],"uid":0}',X'6d73c8cae3b6e71d293de584e34cba0303e93bb1a9929578a6357cd9b32a1971');
INSERT INTO events VALUES(22,1795165800000,'alice','reuse','mcx5g58rc5qg','{"state":"phased-out","uid":0}',X'376b734612722a95bf08d2d7a52d22179a7275591c0d9d8ff603ef1968302ff1');
INSERT INTO events VALUES(23,1795166400000,'alice','reuse','g44ppzmcjhsv','{"state":"expired","uid":0}',X'3b7ec810f1a325afae23d49eccb0bbd3661e1ec8ddd96741e41555caa22d6255');
INSERT INTO events VALUES(24,1795167000000,'alice','reuse','s52vhwj8bvhn','{"state":"disabled","uid":0}',X'd03ed72a24e70531997c18ff319d74b5ce83512e41379d626fa7b2e65ee6b24d');
CREATE TABLE event_head (
    one  INTEGER PRIMARY KEY CHECK (one = 1),
    seq  INTEGER NOT NULL,
    hash BLOB NOT NULL
) STRICT;
INSERT INTO event_head VALUES(1,24,X'd03ed72a24e70531997c18ff319d74b5ce83512e41379d626fa7b2e65ee6b24d');
CREATE UNIQUE INDEX keys_live_name ON keys (owner, name)
    WHERE deleted_at IS NULL AND usable_until IS NULL;
CREATE INDEX keys_name ON keys (name) WHERE deleted_at IS NULL;
CREATE INDEX keys_owner ON keys (owner, created_at);
CREATE INDEX keys_created ON keys (created_at);
CREATE INDEX key_scopes_scope ON key_scopes (scope);
CREATE INDEX events_key ON events (key_id, seq) WHERE key_id IS NOT NULL;
COMMIT;
