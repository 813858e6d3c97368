//! Lookups at a little server over loopback.
