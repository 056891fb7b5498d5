//! Where Finesse departs from its documents, or differs between releases and products.
//!
//! | what | where it was seen | what this crate does |
//! |---|---|---|
//! | bodies begin with `User`, updates with `user`, lists hold `Dialog` | everywhere | names compare case-insensitively |
//! | `event` is `put` in errors | captures of 12.5, document samples | compared case-insensitively |
//! | order of elements varies | documents against captures | read by name; written alphabetically |
//! | `requestId` empty although the request had one | captures of 12.5 | `None`; correlate by source too |
//! | payload escaped once more, or a literal child element | doubles of Finesse, a capture of 2017 | both are read |
//! | error messages escaped twice | conference errors | one level more is taken off |
//! | `ReasonCode` in documents, `reasonCode` on the wire; id, code and label apart | 12.5 | one [`Reason`](finewire_core::agent::Reason) |
//! | `reasonCodeId` is `-1`, empty or absent for "none" | captures | `None` |
//! | a state change is answered with 200 or 202 | documents against samples | [`Answer::Accepted`](crate::Answer::Accepted) |
//! | uris without the first slash, or with one at the end | document samples | the last segment is the id |
//! | `callType` is the text `NULL` after a failover | field reports | kept as it is |
//! | states and actions that are not known | new releases | kept as words |
//! | proxies answer errors with HTML | reverse proxies | errors with the status alone |
