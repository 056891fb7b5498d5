//! HTTP/1.1 client and server as sans-IO protocols.
