use bytes::Bytes;
use finewire_openwire::command::{Text, TextFlaw};
use proptest::prelude::*;

fn wire(bytes: &[u8]) -> Result<Text, TextFlaw> {
    Text::from_wire(Bytes::copy_from_slice(bytes))
}

#[test]
fn nul_and_supplementary_characters_have_javas_form() {
    assert_eq!(Text::from("\0").as_wire(), [0xC0, 0x80]);
    assert_eq!(
        Text::from("\u{1F600}").as_wire(),
        [0xED, 0xA0, 0xBD, 0xED, 0xB8, 0x80]
    );
    assert_eq!(Text::from("é").as_wire(), "é".as_bytes());
}

#[test]
fn unpaired_surrogates_are_kept_and_shown_as_replacement() {
    let text = wire(&[b'a', 0xED, 0xA0, 0x80, b'b']).unwrap();
    assert_eq!(text.to_str(), "a\u{FFFD}b");
    assert_eq!(text.to_utf16(), [0x61, 0xD800, 0x62]);
    assert_eq!(text.as_str(), None);
    assert_eq!(text.as_wire().len(), 5);
}

#[test]
fn damaged_strings_are_refused_by_name() {
    for (bytes, flaw) in [
        (&[0xE6, 0x97][..], TextFlaw::Cut),
        (&[0xC3], TextFlaw::Cut),
        (&[0xC0], TextFlaw::Cut),
        (&[0x80, b'a'], TextFlaw::StrayContinuation),
        (&[0xC3, b'a'], TextFlaw::MissingContinuation),
        (&[0xE6, 0x97, b'a'], TextFlaw::MissingContinuation),
        (&[0xC1, 0x81], TextFlaw::Overlong),
        (&[0xC0, 0x81], TextFlaw::Overlong),
        (&[0xE0, 0x81, 0x81], TextFlaw::Overlong),
        (&[0xF0, 0x9F, 0x98, 0x80], TextFlaw::FourBytes),
        (&[0xFF], TextFlaw::FourBytes),
    ] {
        assert_eq!(wire(bytes), Err(flaw), "{bytes:x?}");
    }
}

#[test]
fn a_raw_nul_and_four_byte_forms_become_canonical() {
    assert_eq!(wire(b"a\0b").unwrap(), Text::from("a\0b"));
    let lenient = Text::from_wire_lenient(Bytes::from_static("\0\u{1F600}x".as_bytes()));
    assert_eq!(lenient.unwrap(), Text::from("\0\u{1F600}x"));
    let overlong = Text::from_wire_lenient(Bytes::from_static(&[0xF0, 0x80, 0x80, 0x80]));
    assert_eq!(overlong, Err(TextFlaw::Overlong));
}

proptest! {
    #[test]
    fn any_string_survives(string in any::<String>()) {
        let text = Text::from(string.as_str());
        prop_assert_eq!(text.to_str(), string.as_str());
        prop_assert_eq!(text.utf16_len(), string.encode_utf16().count());
        prop_assert_eq!(text.is_ascii(), string.is_ascii() && !string.contains('\0'));
        prop_assert!(text == *string.as_str());
        prop_assert_eq!(wire(text.as_wire()).unwrap(), text);
    }

    #[test]
    fn what_is_taken_is_canonical(bytes in proptest::collection::vec(any::<u8>(), 0..12)) {
        if let Ok(text) = Text::from_wire_lenient(bytes.into()) {
            prop_assert_eq!(wire(text.as_wire()).unwrap(), text);
        }
    }
}
