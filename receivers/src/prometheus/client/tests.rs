//! Requests over loopback.
