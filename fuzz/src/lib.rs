//! What the fuzz targets hold of any bytes: the tests' own functions.

#[path = "../../tests/it/hostile/damaged.rs"]
pub mod damaged;
#[path = "../../tests/it/hostile/properties.rs"]
pub mod properties;
