//! What holds for any bytes and any commands; the fuzzer runs the same functions.

use finewire_openwire::{client, fuzz};
use proptest::collection::vec;
use proptest::prelude::*;

proptest! {

    #[test]
    fn any_commands_come_back_as_they_were_in_any_pieces(data in vec(any::<u8>(), 0..900)) {
        fuzz::command(&data);
    }

    #[test]
    fn any_bytes_are_decoded_or_refused(data in vec(any::<u8>(), 0..300)) {
        fuzz::frame(&data);
    }

    #[test]
    fn any_frame_with_a_good_size_is_decoded_or_refused(
        head in any::<[u8; 2]>(),
        code in prop_oneof![1u8..35, 40u8..62, 90u8..93, 100u8..125],
        body in vec(prop_oneof![Just(0u8), Just(1u8), any::<u8>()], 0..200),
    ) {
        let mut data = head.to_vec();
        data[1] &= !8;
        data.extend_from_slice(&u32::try_from(body.len() + 1).unwrap().to_be_bytes());
        data.push(code);
        data.extend_from_slice(&body);
        fuzz::frame(&data);
    }

    #[test]
    fn any_text_is_a_uri_or_refused_and_shows_no_password(
        text in prop_oneof![
            any::<String>(),
            "(failover:)?[(]?(tcp|ssl)://[a-b.:0-9@%]{1,12}[),?&=]{0,3}[a-zA-Z.]{0,30}=?[a-z0-9%-]{0,8}[)]?",
        ],
    ) {
        client::fuzz::uri(text.as_bytes());
    }

    #[test]
    fn any_content_is_parsed_or_refused(data in vec(prop_oneof![0u8..14, any::<u8>()], 0..200)) {
        fuzz::body(&data);
    }
}
