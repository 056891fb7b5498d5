//! XMPP client and server sides as sans-IO protocols.
