//! Cisco Finesse as a sans-IO machine, for demos and tests without a lab.
