//! `[driver]`: passwords, times and the form of events.

use super::fault::Faults;
use super::file;
use super::settings::check_secret;
use core::ops::Range;
use finewire_core::contract::EventFormat;
use finewire_core::password::{CipherText, InitialVector, PasswordCodec};
use jiff::tz::TimeZone;
use std::path::Path;
use toml::Spanned;

pub(super) fn check_passwords(
    driver: &file::Driver,
    folder: &Path,
    faults: &mut Faults,
) -> Option<PasswordCodec> {
    if !*driver.use_secure_password.get_ref() {
        if let Some(key) = &driver.key_file {
            let hint = "set use_secure_password = true, or remove the key";
            faults.add(key.span(), "a key although passwords come in clear", hint);
        }
        return Some(PasswordCodec::Clear);
    }
    let iv = match &driver.iv {
        None => Some(InitialVector::ZERO),
        Some(text) => InitialVector::parse(text.get_ref())
            .map_err(|e| faults.add(text.span(), e.to_string(), "zero, random or 16 hex digits"))
            .ok(),
    };
    let encoding = match driver
        .encoding
        .as_ref()
        .map(|word| (word, word.get_ref().as_str()))
    {
        None | Some((_, "hex")) => Some(CipherText::Hex),
        Some((_, "base64")) => Some(CipherText::Base64),
        Some((word, _)) => {
            faults.add(word.span(), "unknown encoding", "\"hex\" or \"base64\"");
            None
        }
    };
    let Some(file) = &driver.key_file else {
        let span: Range<usize> = driver.use_secure_password.span();
        faults.add(
            span,
            "use_secure_password needs a key",
            "set key_file in [driver]",
        );
        return None;
    };
    let key = check_secret(file, folder, faults)?;
    match PasswordCodec::triple_des(&key, iv?, encoding?) {
        Ok(codec) => Some(codec),
        Err(e) => {
            faults.add(
                file.span(),
                format!("unusable key: {e}"),
                "48 hex digits, three parts",
            );
            None
        }
    }
}

pub(super) fn check_time_zone(
    zone: Option<&Spanned<String>>,
    faults: &mut Faults,
) -> Option<TimeZone> {
    let Some(zone) = zone else {
        return Some(TimeZone::system());
    };
    match zone.get_ref().as_str() {
        "local" => Some(TimeZone::system()),
        "UTC" => Some(TimeZone::UTC),
        name => TimeZone::get(name)
            .map_err(|_| {
                let hint = "\"local\", \"UTC\" or an IANA name such as \"Europe/Berlin\"";
                faults.add(zone.span(), format!("unknown time zone {name:?}"), hint);
            })
            .ok(),
    }
}

pub(super) fn check_event_format(
    word: Option<&Spanned<String>>,
    faults: &mut Faults,
) -> Option<EventFormat> {
    let Some(word) = word else {
        return Some(EventFormat::Text);
    };
    let format = EventFormat::named(word.get_ref());
    if format.is_none() {
        let message = format!("unknown form of events {:?}", word.get_ref());
        faults.add(word.span(), message, "\"text\" or \"json\"");
    }
    format
}
