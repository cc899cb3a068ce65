//! Laws of the format, shared by the tests and the fuzz targets.
