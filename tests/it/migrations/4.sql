-- token kc_patdd1j6q9ne_3r3LcZtjWFflTU2LlyVtS8na3sjCFbl44qclNO2UYGR2XdHMs 0 {"valid":true,"id":"patdd1j6q9ne","name":"first","owner":"carol","state":"active","scopes":["inference"],"expires_at":"2027-09-01T08:00:00Z"}
-- token kc_66h0d9kexwwe_3Nc5djzVZTugH7gdy6XPTyzPN5PzOy85Ts2NXFQg8oB4ZNFQp 0 {"valid":true,"id":"66h0d9kexwwe","name":"web","owner":"alice","state":"active","scopes":["project"],"expires_at":"2027-06-29T09:00:00Z"}
-- token kc_5znend6fxcdn_TjsQXOp8KE9YwYQGBBagnhKKzabdTUlg0374dODclhh0UprW0 1 {"valid":false,"reason":"unknown"}
-- token kc_ymx9f256edzv_cqJWcvdDFCwMGMg7u6cLikM72PIISBLLZe0ENpK1xWx1prSgl 0 {"valid":true,"id":"ymx9f256edzv","name":"ci","owner":"alice","state":"phased-out","scopes":["inference","project"],"expires_at":"2027-09-03T10:00:00Z","usable_until":"2027-01-30T09:00:00Z","replaced_by":"j6nhg35ca6yh"}
-- token kc_bbzyd009kjte_U3bo00fwPc9e1X2sJrUhT8Jyt87CQWmg901FVCuaI0f2e5KWE 1 {"valid":false,"reason":"phased-out","id":"bbzyd009kjte","name":"night","owner":"alice","state":"phased-out","since":"2026-10-02T09:00:00Z","replaced_by":"aztn90x1mm6q","expires_at":"2027-09-03T11:00:00Z","usable_until":"2026-10-02T09:00:00Z"}
-- token kc_n2mtetc6gn64_qySomGFNYWHwjIVAk3zZ6zx0ZJLML32RL0Q7ltTil7G4UsdyB 1 {"valid":false,"reason":"expired","id":"n2mtetc6gn64","name":"short","owner":"alice","state":"expired","since":"2026-10-04T09:00:00Z","expires_at":"2026-10-04T09:00:00Z"}
-- token kc_trx81egef2m4_ASjkZohT6SEJvezvDiOVsyKONs4d9TxESJqmYrjhAUh1mrC39 1 {"valid":false,"reason":"disabled","id":"trx81egef2m4","name":"off","owner":"alice","state":"disabled","since":"2026-09-05T10:00:00Z","by":"carol","expires_at":"2027-09-05T09:00:00Z"}
-- token kc_5q2w0c8d45gj_0Ql9lZ4ib3ogJcGsISmcBdUTK941tORGySZeEZ1UwQs4GmWAd 0 {"valid":true,"id":"5q2w0c8d45gj","name":"back","owner":"alice","state":"active","scopes":["inference"],"expires_at":"2027-09-06T09:00:00Z"}
-- token kc_75zjy3pr3hzk_0iUAptvbwWuNHpagEa9gYM8XImL6N3TkSSSSfCbUfRU1FMgsy 1 {"valid":false,"reason":"unknown"}
-- token kc_2f6gtjaff7hk_kFx0XtzPqQtZ8hY17PdZeFWaiMXaYHlBFkC5nPhYokP0BlXOW 0 {"valid":true,"id":"2f6gtjaff7hk","name":"café","owner":"bob","state":"active","scopes":["inference"],"expires_at":"2027-09-08T09:00:00Z"}
-- token kc_rx0h8mp77t4t_zCMsfUc3V4jxGDPDdt5ab8qGgaNSgbAOKDsPtDcDMrf05XzJd 0 {"valid":true,"id":"rx0h8mp77t4t","name":"robot","owner":"carol","state":"active","scopes":[],"expires_at":null}
-- token kc_ma0m6f7eawt1_FKKOpeCiREMqvtMdyDeLkYsC4nyna0SvkOTI6ELiimG08mk1D 1 {"valid":false,"reason":"disabled","id":"ma0m6f7eawt1","name":"arm","owner":"carol","state":"disabled","since":"2026-09-09T11:00:00Z","by":"carol"}
-- token kc_8sxnp0m5e4t8_oDtvPtTUWsWm5hHHe7Sb5UIIEdW0W9IRYR5UH550jOa2Wq34K 0 {"valid":true,"id":"8sxnp0m5e4t8","name":"drawer","owner":"bob","state":"active","scopes":["pictures"],"expires_at":"2027-09-10T09:00:00Z"}
-- token kc_c79dvcq4vefd_n0hP1xbkKsxJNrzWg3E0mRgfPz4pNv7fzebBE05ngdC2aha51 0 {"valid":true,"id":"c79dvcq4vefd","name":"fast","owner":"bob","state":"active","scopes":["inference"],"expires_at":"2027-09-11T10:00:00Z"}
-- token kc_aztn90x1mm6q_9lKqx9I7DeKn1kW7cqYOZEg065Dt1lzqNSgxp63z3zI1sCUgh 0 {"valid":true,"id":"aztn90x1mm6q","name":"night","owner":"alice","state":"active","scopes":["inference"],"expires_at":"2027-10-01T09:00:00Z"}
-- token kc_j6nhg35ca6yh_ywMNnsFts6FZasw90Br9eKgrAezFejw0EJHk9UQjGLJ0SFG2b 0 {"valid":true,"id":"j6nhg35ca6yh","name":"ci","owner":"alice","state":"active","scopes":["inference","project"],"expires_at":"2027-11-01T09:00:00Z"}
-- key {"id":"patdd1j6q9ne","name":"first","owner":"carol","kind":"api","state":"active","usable":true,"scopes":["inference"],"labels":{},"created_at":"2026-09-01T08:00:00Z","created_by":"carol","expires_at":"2027-09-01T08:00:00Z","last_used_at":null,"usable_until":null,"disabled_at":null,"deleted_at":null,"replaces":null,"replaced_by":null}
-- key {"id":"66h0d9kexwwe","name":"web","owner":"alice","kind":"api","state":"active","usable":true,"scopes":["project"],"labels":{"note":"say \"yes\" \\o/","team":"search"},"created_at":"2026-09-02T09:00:00Z","created_by":"alice","expires_at":"2027-06-29T09:00:00Z","last_used_at":"2026-11-20T09:00:00Z","usable_until":null,"disabled_at":null,"deleted_at":null,"replaces":null,"replaced_by":null}
-- key {"id":"ymx9f256edzv","name":"ci","owner":"alice","kind":"api","state":"phased-out","usable":true,"scopes":["inference","project"],"labels":{"a":"b"},"created_at":"2026-09-03T10:00:00Z","created_by":"alice","expires_at":"2027-09-03T10:00:00Z","last_used_at":null,"usable_until":"2027-01-30T09:00:00Z","disabled_at":null,"deleted_at":null,"replaces":null,"replaced_by":"j6nhg35ca6yh"}
-- key {"id":"bbzyd009kjte","name":"night","owner":"alice","kind":"api","state":"phased-out","usable":false,"scopes":["inference"],"labels":{},"created_at":"2026-09-03T11:00:00Z","created_by":"alice","expires_at":"2027-09-03T11:00:00Z","last_used_at":null,"usable_until":"2026-10-02T09:00:00Z","disabled_at":null,"deleted_at":null,"replaces":null,"replaced_by":"aztn90x1mm6q"}
-- key {"id":"n2mtetc6gn64","name":"short","owner":"alice","kind":"api","state":"expired","usable":false,"scopes":["inference"],"labels":{},"created_at":"2026-09-04T09:00:00Z","created_by":"alice","expires_at":"2026-10-04T09:00:00Z","last_used_at":null,"usable_until":null,"disabled_at":null,"deleted_at":null,"replaces":null,"replaced_by":null}
-- key {"id":"trx81egef2m4","name":"off","owner":"alice","kind":"api","state":"disabled","usable":false,"scopes":["inference"],"labels":{},"created_at":"2026-09-05T09:00:00Z","created_by":"alice","expires_at":"2027-09-05T09:00:00Z","last_used_at":null,"usable_until":null,"disabled_at":"2026-09-05T10:00:00Z","deleted_at":null,"replaces":null,"replaced_by":null}
-- key {"id":"5q2w0c8d45gj","name":"back","owner":"alice","kind":"api","state":"active","usable":true,"scopes":["inference"],"labels":{},"created_at":"2026-09-06T09:00:00Z","created_by":"alice","expires_at":"2027-09-06T09:00:00Z","last_used_at":null,"usable_until":null,"disabled_at":null,"deleted_at":null,"replaces":null,"replaced_by":null}
-- key {"id":"75zjy3pr3hzk","name":"gone","owner":"alice","kind":"api","state":"deleted","usable":false,"scopes":["project"],"labels":{"team":"search"},"created_at":"2026-09-07T09:00:00Z","created_by":"alice","expires_at":"2027-09-07T09:00:00Z","last_used_at":null,"usable_until":null,"disabled_at":null,"deleted_at":"2026-09-07T10:00:00Z","replaces":null,"replaced_by":null}
-- key {"id":"2f6gtjaff7hk","name":"café","owner":"bob","kind":"api","state":"active","usable":true,"scopes":["inference"],"labels":{},"created_at":"2026-09-08T09:00:00Z","created_by":"bob","expires_at":"2027-09-08T09:00:00Z","last_used_at":null,"usable_until":null,"disabled_at":null,"deleted_at":null,"replaces":null,"replaced_by":null}
-- key {"id":"rx0h8mp77t4t","name":"robot","owner":"carol","kind":"legacy","state":"active","usable":true,"scopes":[],"labels":{"team":"ops"},"created_at":"2026-09-09T09:00:00Z","created_by":"carol","expires_at":null,"last_used_at":null,"usable_until":null,"disabled_at":null,"deleted_at":null,"replaces":null,"replaced_by":null}
-- key {"id":"ma0m6f7eawt1","name":"arm","owner":"carol","kind":"legacy","state":"disabled","usable":false,"scopes":[],"labels":{},"created_at":"2026-09-09T10:00:00Z","created_by":"carol","expires_at":null,"last_used_at":null,"usable_until":null,"disabled_at":"2026-09-09T11:00:00Z","deleted_at":null,"replaces":null,"replaced_by":null}
-- key {"id":"8sxnp0m5e4t8","name":"drawer","owner":"bob","kind":"api","state":"active","usable":true,"scopes":["pictures"],"labels":{},"created_at":"2026-09-10T09:00:00Z","created_by":"bob","expires_at":"2027-09-10T09:00:00Z","last_used_at":null,"usable_until":null,"disabled_at":null,"deleted_at":null,"replaces":null,"replaced_by":null}
-- key {"id":"c79dvcq4vefd","name":"fast","owner":"bob","kind":"api","state":"active","usable":true,"scopes":["inference"],"labels":{},"created_at":"2026-09-11T10:00:00Z","created_by":"bob","expires_at":"2027-09-11T10:00:00Z","last_used_at":null,"usable_until":null,"disabled_at":null,"deleted_at":null,"replaces":null,"replaced_by":null}
-- key {"id":"aztn90x1mm6q","name":"night","owner":"alice","kind":"api","state":"active","usable":true,"scopes":["inference"],"labels":{},"created_at":"2026-10-01T09:00:00Z","created_by":"alice","expires_at":"2027-10-01T09:00:00Z","last_used_at":null,"usable_until":null,"disabled_at":null,"deleted_at":null,"replaces":"bbzyd009kjte","replaced_by":null}
-- key {"id":"j6nhg35ca6yh","name":"ci","owner":"alice","kind":"api","state":"active","usable":true,"scopes":["inference","project"],"labels":{"a":"b"},"created_at":"2026-11-01T09:00:00Z","created_by":"alice","expires_at":"2027-11-01T09:00:00Z","last_used_at":null,"usable_until":null,"disabled_at":null,"deleted_at":null,"replaces":"ymx9f256edzv","replaced_by":null}
-- head 37:76706d25e5554eb50f050e61f093c0966eb0b9f28aab2d92db5088fd3f03f304
PRAGMA application_id = 1801679980;
PRAGMA user_version = 4;
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
    CHECK ((hash IS NULL) = (deleted_at IS NOT NULL)),
    CHECK ((grace_from IS NULL) = (usable_until IS NULL)),
    CHECK ((disabled_at IS NULL) = (disabled_by IS NULL))
) STRICT;
INSERT INTO keys VALUES(1,'patdd1j6q9ne','first','carol','api','$argon2id$v=19$m=7168,t=5,p=1$GP8QIcIu8jLs9MdxBimfHg$WiYsEf4wqNaxPul203OnPtmZLEBhvfi+L9BYEe5YnfY',1788249600000,'carol',1819785600000,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'inference','{}');
INSERT INTO keys VALUES(2,'66h0d9kexwwe','web','alice','api','$argon2id$v=19$m=7168,t=5,p=1$7JRF5HJNeDkq2rDLcvvKkg$YSS/n6geu4ygTfJSBenCPlh8KmbZEOCvIXU1j4+tsC4',1788339600000,'alice',1814259600000,1795165200000,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'project','{"note":"say \"yes\" \\o/","team":"search"}');
INSERT INTO keys VALUES(3,'ymx9f256edzv','ci','alice','api','$argon2id$v=19$m=7168,t=5,p=1$PVBNO7T/o/sPqIjWBEEjwg$iQ0IrDehPIdiCs+l4pX2oFz+GhvUomqJU1F70I7MBBQ',1788429600000,'alice',1819965600000,NULL,1793523600000,1801299600000,NULL,NULL,NULL,NULL,'j6nhg35ca6yh','inference project','{"a":"b"}');
INSERT INTO keys VALUES(4,'bbzyd009kjte','night','alice','api','$argon2id$v=19$m=7168,t=5,p=1$IA7yeR9VK3JDTcy5j7BBXw$Orx7H30wugNIlRhLeF7R+w+CB8vpbZ44cSeNh8uHZX8',1788433200000,'alice',1819969200000,NULL,1790845200000,1790931600000,NULL,NULL,NULL,NULL,'aztn90x1mm6q','inference','{}');
INSERT INTO keys VALUES(5,'n2mtetc6gn64','short','alice','api','$argon2id$v=19$m=7168,t=5,p=1$HsVWUwlUn1gknsE0JflPwg$3t0vgdP2hbP6MdEoGzJwcXQzimgUIF38G5j5N5xQKVI',1788512400000,'alice',1791104400000,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'inference','{}');
INSERT INTO keys VALUES(6,'trx81egef2m4','off','alice','api','$argon2id$v=19$m=7168,t=5,p=1$l7M3/l1Iw7Y+qHZwOEuGog$MdlvMxVxB7yIsvTqPsZMX7CMfw8U/HLpYrDB0D08PZA',1788598800000,'alice',1820134800000,NULL,NULL,NULL,1788602400000,'carol',NULL,NULL,NULL,'inference','{}');
INSERT INTO keys VALUES(7,'5q2w0c8d45gj','back','alice','api','$argon2id$v=19$m=7168,t=5,p=1$PDr96rQ2dJWbNAypaeH1sQ$JyqvMQU+Aa9+7Tdm1ccEe39gCJu9SEtaFfnefT1oTb8',1788685200000,'alice',1820221200000,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'inference','{}');
INSERT INTO keys VALUES(8,'75zjy3pr3hzk','gone','alice','api',NULL,1788771600000,'alice',1820307600000,NULL,NULL,NULL,NULL,NULL,1788775200000,NULL,NULL,'project','{"team":"search"}');
INSERT INTO keys VALUES(9,'2f6gtjaff7hk','café','bob','api','$argon2id$v=19$m=7168,t=5,p=1$QaaXttroGufVYVHqJd+FMQ$KOt0GPXO+zyfR0zm1GRJ4KNE7Lz+AUInxQ0aHwCTU9M',1788858000000,'bob',1820394000000,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'inference','{}');
INSERT INTO keys VALUES(10,'rx0h8mp77t4t','robot','carol','legacy','$argon2id$v=19$m=7168,t=5,p=1$+FGUPbvS9jWkUSbDCqPFFg$TY4j8PM6zO6U+VR+ajPSRcjI5tfj9v9ezIMT2Ret1Y0',1788944400000,'carol',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'','{"team":"ops"}');
INSERT INTO keys VALUES(11,'ma0m6f7eawt1','arm','carol','legacy','$argon2id$v=19$m=7168,t=5,p=1$bEff32jnYOkiFfztyOCtWA$wnqa7CEDp7/4r9ClDCsPnEd/CU7gfzH53x6RQ8fzDV0',1788948000000,'carol',NULL,NULL,NULL,NULL,1788951600000,'carol',NULL,NULL,NULL,'','{}');
INSERT INTO keys VALUES(12,'8sxnp0m5e4t8','drawer','bob','api','$argon2id$v=19$m=7168,t=5,p=1$iBaEVHxUKQ3+k1eSeDRh0w$a22LKS1SUHH7KmUHu9F1LNQH6qe0zHCe94kU6hK8e2w',1789030800000,'bob',1820566800000,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'pictures','{}');
INSERT INTO keys VALUES(13,'c79dvcq4vefd','fast','bob','api','$sha256$QJ+MkzgPVDxqZka4v8vXI9NqsrQFqLjUz8UNb7/X9jA',1789120800000,'bob',1820656800000,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'inference','{}');
INSERT INTO keys VALUES(14,'aztn90x1mm6q','night','alice','api','$argon2id$v=19$m=7168,t=5,p=1$GyEn6j/aOWp+2MUPXmR5gg$K6IhSRRrUFvKE12pDxVKL8i4uq2GnKe+mOiVk6anMvA',1790845200000,'alice',1822381200000,NULL,NULL,NULL,NULL,NULL,NULL,'bbzyd009kjte',NULL,'inference','{}');
INSERT INTO keys VALUES(15,'j6nhg35ca6yh','ci','alice','api','$argon2id$v=19$m=7168,t=5,p=1$O2KYA31boMtERqpooEfK9Q$4EhExO2RyVwgweV0FjHsg8/1hlmXa4a5doiwio88/ok',1793523600000,'alice',1825059600000,NULL,NULL,NULL,NULL,NULL,NULL,'ymx9f256edzv',NULL,'inference project','{"a":"b"}');
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
INSERT INTO events VALUES(2,1788249600000,'carol','create','patdd1j6q9ne','{"expires_at":"2027-09-01T08:00:00Z","kind":"api","labels":{},"name":"first","owner":"carol","scopes":["inference"],"uid":0}',X'd1c262576bc3d3d7590be891912a3389785c673d75c1c7742e1f79978587dc69');
INSERT INTO events VALUES(3,1788250200000,'carol','policy',NULL,'{"name":"default-grace","new":"7d","old":"0s","uid":0}',X'a8ed1b549e21d4f562d132ee821e527b6705dc785023911944b6bb9001c3be29');
INSERT INTO events VALUES(4,1788250800000,'carol','scope-add',NULL,'{"description":"drawings","implies":["inference"],"scope":"pictures","uid":0}',X'b827462973674e66e984cc9edc36b14669e296a15e0d67c59cad02b3a34a50d5');
INSERT INTO events VALUES(5,1788251400000,'carol','member-add',NULL,'{"project":"search","role":{"new":"owner","old":null},"uid":0,"user":"alice"}',X'a2e2390cb5e32018710a2dd2ecc98799d34460e13e8532cc177dcc65b90209ff');
INSERT INTO events VALUES(6,1788251460000,'carol','member-add',NULL,'{"project":"search","role":{"new":"collaborator","old":null},"uid":0,"user":"bob"}',X'528ab6a1be6afd378e97315fc065e80ed3385cff3d8e88c12b4d65859d657331');
INSERT INTO events VALUES(7,1788252000000,'carol','admin-add',NULL,'{"uid":0,"user":"dora"}',X'c17226399d465f33758f3bc49a3a2fecf11c6a806221c2f697ba24e86a0445e3');
INSERT INTO events VALUES(8,1788339600000,'alice','create','66h0d9kexwwe','{"expires_at":"2027-06-29T09:00:00Z","kind":"api","labels":{"team":"search"},"name":"web","owner":"alice","scopes":["project"],"uid":0}',X'e4cccd883fd1782dd3862895fbae637dac7e2486eb3a803aea73db053bd6e8b0');
INSERT INTO events VALUES(9,1788340200000,'alice','edit','66h0d9kexwwe','{"labels":{"new":{"note":"say \"yes\" \\o/","team":"search"},"old":{"team":"search"}},"reason":"noted","uid":0}',X'4b433eb23f6fb5f9c0a5a2e5c107ab6fb31b1a083ea267696bcf6ab1d061b281');
INSERT INTO events VALUES(10,1788340800000,'bob','create','5znend6fxcdn','{"expires_at":"2026-09-02T10:20:00Z","kind":"api","labels":{},"name":"old","owner":"bob","scopes":["inference"],"uid":0}',X'413b750112333a704b203094af9d363ece56120ffaf1233ecf79ebe2b715251e');
INSERT INTO events VALUES(11,1788426000000,'carol','purge','5znend6fxcdn','{"name":"old","owner":"bob","reason":"tidy","state":"expired","uid":0}',X'96d1065f318de97e7bd10541ed89d8539bce8041d5109b626812c3528421f51c');
INSERT INTO events VALUES(12,1788429600000,'alice','create','ymx9f256edzv','{"expires_at":"2027-09-03T10:00:00Z","kind":"api","labels":{"a":"b"},"name":"ci","owner":"alice","scopes":["inference","project"],"uid":0}',X'226a45540b1e6f77a34de22f527f823b1a7ce2d794889ac3f964f1807ff45f97');
INSERT INTO events VALUES(13,1788433200000,'alice','create','bbzyd009kjte','{"expires_at":"2027-09-03T11:00:00Z","kind":"api","labels":{},"name":"night","owner":"alice","scopes":["inference"],"uid":0}',X'1ae7faf77b0eb3aed314e81821f35595630e4999fdf7ace073be33b8e59ac27d');
INSERT INTO events VALUES(14,1788512400000,'alice','create','n2mtetc6gn64','{"expires_at":"2026-10-04T09:00:00Z","kind":"api","labels":{},"name":"short","owner":"alice","scopes":["inference"],"uid":0}',X'47fe549cc6bdb31638f7fe0c80f51123ae221a0032e30cd1040d9bc9d32303b9');
INSERT INTO events VALUES(15,1788598800000,'alice','create','trx81egef2m4','{"expires_at":"2027-09-05T09:00:00Z","kind":"api","labels":{},"name":"off","owner":"alice","scopes":["inference"],"uid":0}',X'921d0ac43272d6841f50590e2f756ca332e0950407ac47cad33d21353e55cb19');
INSERT INTO events VALUES(16,1788602400000,'carol','disable','trx81egef2m4','{"reason":"left","uid":0}',X'4b935970802c152ff4a78e49038043f2a884e910f7386f851b5a0dfbd209b6b9');
INSERT INTO events VALUES(17,1788685200000,'alice','create','5q2w0c8d45gj','{"expires_at":"2027-09-06T09:00:00Z","kind":"api","labels":{},"name":"back","owner":"alice","scopes":["inference"],"uid":0}',X'2cb234fd866271b3119c7188aefe3b3b4f490cdc342ad612e2940ea3d1987c20');
INSERT INTO events VALUES(18,1788688800000,'alice','disable','5q2w0c8d45gj','{"uid":0}',X'd7768ed3bec9f4f74874059738c7eaaf3827aeceab3e0428491f9ee0d9059b55');
INSERT INTO events VALUES(19,1788692400000,'alice','enable','5q2w0c8d45gj','{"uid":0}',X'25ef8042df7d10d81b37f23b2c902a183cfa140e505b80115a5372bfa22534eb');
INSERT INTO events VALUES(20,1788771600000,'alice','create','75zjy3pr3hzk','{"expires_at":"2027-09-07T09:00:00Z","kind":"api","labels":{"team":"search"},"name":"gone","owner":"alice","scopes":["project"],"uid":0}',X'bfb5eb8d15bc2b539a92725e702ecd235d9f6a890210f893a526065f7d6de1c6');
INSERT INTO events VALUES(21,1788775200000,'alice','delete','75zjy3pr3hzk','{"reason":"leaked","uid":0}',X'425dfb6fc3376eae9997e938dae72f481f807b0c23d6e2c1a0cb1129ea255ffe');
INSERT INTO events VALUES(22,1788858000000,'bob','create','2f6gtjaff7hk','{"expires_at":"2027-09-08T09:00:00Z","kind":"api","labels":{},"name":"café","owner":"bob","scopes":["inference"],"uid":0}',X'8f738e9611a428cf9f8159568858bf6c143926fde613e595929cf28cbf74f027');
INSERT INTO events VALUES(23,1788944400000,'carol','create','rx0h8mp77t4t','{"expires_at":null,"kind":"legacy","labels":{"team":"ops"},"name":"robot","owner":"carol","scopes":[],"uid":0}',X'4991249969ca02709706628791800d8053fd620329bcbd438822972d07d83912');
INSERT INTO events VALUES(24,1788948000000,'carol','create','ma0m6f7eawt1','{"expires_at":null,"kind":"legacy","labels":{},"name":"arm","owner":"carol","scopes":[],"uid":0}',X'1e822eed134749d750e7c91223e64b8d6d925b38d484b07db6449698a6fd135e');
INSERT INTO events VALUES(25,1788951600000,'carol','disable','ma0m6f7eawt1','{"uid":0}',X'381eb4aaf7b6e2b14b895f45df6863e96e835232ed860749587a655a47a2544b');
INSERT INTO events VALUES(26,1789030800000,'bob','create','8sxnp0m5e4t8','{"expires_at":"2027-09-10T09:00:00Z","kind":"api","labels":{},"name":"drawer","owner":"bob","scopes":["pictures"],"uid":0}',X'edc0a856b8ffbf483589c7c3743798262f088e4227085d24438782f2240c66b3');
INSERT INTO events VALUES(27,1789117200000,'carol','policy',NULL,'{"name":"hash","new":"sha256","old":"argon2id","uid":0}',X'7482c8cb9550cd9218c1902a8a75efc0adf0254fdda7ab1d9b1d18850dc751ac');
INSERT INTO events VALUES(28,1789120800000,'bob','create','c79dvcq4vefd','{"expires_at":"2027-09-11T10:00:00Z","kind":"api","labels":{},"name":"fast","owner":"bob","scopes":["inference"],"uid":0}',X'0d5563b1d79bcf25c3ebd6c53276f91eacf4c37cc37a82250c87b860a1b54357');
INSERT INTO events VALUES(29,1789124400000,'carol','policy',NULL,'{"name":"hash","new":"argon2id","old":"sha256","uid":0}',X'dd44ddd8c1d0e4d8e1ebc80dd9687b65ec3630176a3775c9dbdb007c5675538b');
INSERT INTO events VALUES(30,1789203600000,'bob','refuse',NULL,'{"code":"policy","command":"create","message":"expiry 2029-09-11T09:00:00Z is later than policy allows: the latest is 2027-09-12T09:00:00Z","uid":0}',X'3630efeed1317d74fbb43ffbc4620676edf18f2504952835f4affe2eedbcf892');
INSERT INTO events VALUES(31,1790845200000,'alice','rotate','bbzyd009kjte','{"replaced_by":"aztn90x1mm6q","uid":0,"usable_until":"2026-10-02T09:00:00Z"}',X'2df133e2d62a8678aac2eee0f72f9fb61440597589463c0883d63b7e049d8034');
INSERT INTO events VALUES(32,1790845200000,'alice','create','aztn90x1mm6q','{"expires_at":"2027-10-01T09:00:00Z","kind":"api","labels":{},"name":"night","owner":"alice","replaces":"bbzyd009kjte","scopes":["inference"],"uid":0}',X'd442c4661e6663717c869b015c7edd1462959de7ee905e9eb0f1636bb6e835fa');
INSERT INTO events VALUES(33,1793523600000,'alice','rotate','ymx9f256edzv','{"replaced_by":"j6nhg35ca6yh","uid":0,"usable_until":"2027-01-30T09:00:00Z"}',X'fe262ffdcedbc9518981841384c6daf99a6eb07a6ff643f824508da3c725a3c9');
INSERT INTO events VALUES(34,1793523600000,'alice','create','j6nhg35ca6yh','{"expires_at":"2027-11-01T09:00:00Z","kind":"api","labels":{"a":"b"},"name":"ci","owner":"alice","replaces":"ymx9f256edzv","scopes":["inference","project"],"uid":0}',X'589eaef1db2d7fee04812113c29c0b1bb361ca3cdb70ac7c819ebd344e509873');
INSERT INTO events VALUES(35,1795165800000,'alice','reuse','bbzyd009kjte','{"state":"phased-out","uid":0}',X'89ddca889fe84376e7e758df6d5e4dd4d774150acab764ac6f24985fb58b6331');
INSERT INTO events VALUES(36,1795166400000,'alice','reuse','n2mtetc6gn64','{"state":"expired","uid":0}',X'e7e01b1f6df7228d860880495d6287cb9199dc25e2715c01df6dabcc2b35293e');
INSERT INTO events VALUES(37,1795167000000,'alice','reuse','trx81egef2m4','{"state":"disabled","uid":0}',X'76706d25e5554eb50f050e61f093c0966eb0b9f28aab2d92db5088fd3f03f304');
CREATE TABLE event_head (
    one  INTEGER PRIMARY KEY CHECK (one = 1),
    seq  INTEGER NOT NULL,
    hash BLOB NOT NULL
) STRICT;
INSERT INTO event_head VALUES(1,37,X'76706d25e5554eb50f050e61f093c0966eb0b9f28aab2d92db5088fd3f03f304');
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
INSERT INTO key_scopes VALUES('pictures',12);
INSERT INTO key_scopes VALUES('project',2);
INSERT INTO key_scopes VALUES('project',3);
INSERT INTO key_scopes VALUES('project',8);
INSERT INTO key_scopes VALUES('project',15);
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
