//! The driver side of the connector protocol as a sans-IO machine over OpenWire.
