//! Properties that the fuzz targets check, shared with the tests.

#[path = "../../tests/it/hostile/damaged.rs"]
pub mod damaged;
#[path = "../../tests/it/hostile/properties.rs"]
pub mod properties;
#[path = "../../tests/it/hostile/requests.rs"]
pub mod requests;
