//! Cisco Finesse as types: REST requests and answers, notifications.
