use super::*;
use proptest::prelude::*;

const HEADER: &str = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' \
    xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>";

/// The fault of a stream that goes on like this behind its header; the same in any chunking.
fn fault(xml: &[u8]) -> Option<Fault> {
    let all = [HEADER.as_bytes(), xml].concat();
    let faults = |piece: usize| {
        let limits = Limits::default();
        let mut framer = Framer::new(limits);
        let mut scope = Namespaces::default();
        for piece in all.chunks(piece) {
            framer.push(piece);
            loop {
                let read = match framer.next_frame() {
                    Ok(Some(Frame::Stanza(bytes))) => {
                        Element::read(&bytes, &scope, &limits).map(|_| ())
                    }
                    Ok(Some(Frame::Open(bytes))) => {
                        scope = Element::read_header(&bytes, &limits).unwrap().1;
                        Ok(())
                    }
                    Ok(Some(Frame::Close)) => Ok(()),
                    Ok(None) => break,
                    Err(fault) => Err(fault),
                };
                if let Err(fault) = read {
                    return Some(fault);
                }
            }
        }
        None
    };
    let whole = faults(all.len());
    assert_eq!(faults(7), whole);
    assert_eq!(faults(1), whole);
    whole
}

#[test]
fn what_xmpp_forbids_is_the_peers_fault() {
    for (xml, expected) in [
        ("<!DOCTYPE a [<!ENTITY b 'c'>]>", Fault::RemoteRestricted),
        ("<a><!DOCTYPE x></a>", Fault::RemoteRestricted),
        ("<!-- comment -->", Fault::RemoteRestricted),
        ("<a><!-- comment --></a>", Fault::RemoteRestricted),
        ("<?xml version='1.0'?>", Fault::RemoteRestricted),
        ("<a><?php x?></a>", Fault::RemoteRestricted),
        ("<a>&lol9;</a>", Fault::RemoteEntity),
        ("<a b='&lol9;'/>", Fault::RemoteEntity),
        ("<a>&#0;</a>", Fault::RemoteCharacter),
        ("<a>&#xD800;</a>", Fault::RemoteCharacter),
        ("<a b='&#0;'/>", Fault::RemoteCharacter),
        ("<a b='&#xFFFE;'/>", Fault::RemoteCharacter),
        ("<a>&#+65;</a>", Fault::RemoteEntity),
        ("<a>&</a>", Fault::RemoteXml),
        ("<a b='&'/>", Fault::RemoteXml),
        ("<a>\u{1}</a>", Fault::RemoteCharacter),
        ("<a b='\u{FFFE}'/>", Fault::RemoteCharacter),
        ("<a>]]></a>", Fault::RemoteXml),
        ("<a><b></a></b>", Fault::RemoteXml),
        ("<a></b>", Fault::RemoteXml),
        ("<a b=c/>", Fault::RemoteXml),
        ("<a b/>", Fault::RemoteXml),
        ("<a b='<'/>", Fault::RemoteXml),
        ("<a b='1' b='2'/>", Fault::RemoteXml),
        (
            "<a xmlns:x='n' xmlns:y='n' x:b='1' y:b='2'/>",
            Fault::RemoteXml,
        ),
        ("<a:b:c xmlns:a='n'/>", Fault::RemoteXml),
        ("<1/>", Fault::RemoteXml),
        ("<>", Fault::RemoteXml),
        ("<x:a/>", Fault::RemotePrefix),
        ("<a x:b='1'/>", Fault::RemotePrefix),
        ("text", Fault::RemoteText),
        ("<a/>&amp;", Fault::RemoteText),
        ("</stream:other>", Fault::RemoteXml),
        ("</stream:stream><a/>", Fault::RemoteAfterEnd),
        ("</stream:stream>x", Fault::RemoteAfterEnd),
    ] {
        let found = fault(xml.as_bytes());
        // An unfinished tag shows its fault only at its end.
        let found = found.or_else(|| fault(format!("{xml}</>").as_bytes()));

        assert_eq!(found, Some(expected), "{xml}");
        assert_eq!(expected.reason(), Reason::Remote);
    }
    assert_eq!(fault(b"<a>\xff</a>"), Some(Fault::RemoteCharacter));
    assert_eq!(fault(b"<a b='\xc0\x80'/>"), Some(Fault::RemoteCharacter));
}

#[test]
fn what_is_too_much_meets_a_limit() {
    for (xml, expected) in [
        ("<a>".repeat(64), Fault::LimitDepth),
        (
            format!(
                "<a {}/>",
                (0..65).map(|n| format!("a{n}='' ")).collect::<String>()
            ),
            Fault::LimitAttributes,
        ),
        (
            format!(
                "<a {}/>",
                (0..65)
                    .map(|n| format!("xmlns:a{n}='n' "))
                    .collect::<String>()
            ),
            Fault::LimitAttributes,
        ),
        (format!("<a b='{}'/>", "x".repeat(70_000)), Fault::LimitTag),
        (format!("<a b='{}", "x".repeat(70_000)), Fault::LimitTag),
        (format!("<{}", "x".repeat(70_000)), Fault::LimitTag),
        (format!("<a>{}", "x".repeat(1_100_000)), Fault::LimitStanza),
        (
            format!("<a>{}</a>", "x".repeat(1_100_000)),
            Fault::LimitStanza,
        ),
        (
            format!("<a><![CDATA[{}", "]".repeat(1_100_000)),
            Fault::LimitStanza,
        ),
        (
            format!("<a>{}", "<b/>".repeat(100_001)),
            Fault::LimitElements,
        ),
    ] {
        assert_eq!(fault(xml.as_bytes()), Some(expected), "{}", &xml[..40]);
        assert_eq!(expected.reason(), Reason::Limit);
    }
    assert_eq!(
        fault(("<a>".repeat(63) + &"</a>".repeat(63)).as_bytes()),
        None
    );
}

#[test]
fn what_xml_allows_is_taken() {
    for xml in [
        " \n\t<a/>\r\n ",
        "<a b='>' c=\"'\"/>",
        "<a><![CDATA[<b>&lol;]]]]><![CDATA[>]]></a>",
        "<a xmlns='n'><x:b xmlns:x='m' x:c='1' xml:lang='en'/></a >",
        "<a>&lt;&#x20AC;&#8364;</a>",
        "<é/>",
        "</stream:stream >\n",
    ] {
        assert_eq!(fault(xml.as_bytes()), None, "{xml}");
    }
}

#[test]
fn names_text_and_attributes_are_resolved() {
    let scope = Namespaces::with_default("d");
    let read = |xml: &str| Element::read(xml.as_bytes(), &scope, &Limits::default()).unwrap();
    let a = read(
        "<a k=' 1\n\t2&#10;3 &amp;amp;'><x:b xmlns:x='m' x:c='1' c='2'/>t&lt;<![CDATA[<&]]>\r\nu<c xmlns=''/></a>",
    );

    assert!(a.is("a", "d"));
    assert_eq!(a.attribute("k"), Some(" 1  2\n3 &amp;"));
    let b = a.child("b", "m").unwrap();
    assert_eq!(b.attribute("c"), Some("2"));
    assert_eq!(&*b.attributes[0].namespace, "m");
    assert_eq!(a.text(), "t<<&\nu");
    assert!(a.child("c", "").is_some());
}

#[test]
fn a_second_stream_header_or_a_stanza_before_the_first_ends_the_stream() {
    for words in [
        HEADER
            .repeat(2)
            .replace("<?xml version='1.0'?><stream", "<stream"),
        "<a/>".into(),
    ] {
        let mut talk = Talk::new();
        talk.client
            .handle_input(talk.now, ProtocolInput::Opened(None));
        let input = ProtocolInput::Received(words.as_bytes());
        talk.client.handle_input(talk.now, input);
        talk.client
            .handle_input(talk.now, ProtocolInput::Received(b"</stream:stream>"));
        talk.run();

        assert!(
            matches!(talk.client_end, Some(("close", CloseReason::Remote(_)))),
            "{words} {:?}",
            talk.client_end
        );
    }
}

#[test]
fn the_server_tells_a_client_its_fault() {
    for (xml, condition) in [
        ("<a><b></a>", "not-well-formed"),
        ("<!DOCTYPE a>", "restricted-xml"),
        ("rubbish", "bad-format"),
        ("<message/>", "not-authorized"),
    ] {
        let mut talk = Talk::new();
        talk.server
            .handle_input(talk.now, ProtocolInput::Opened(None));
        let words =
            HEADER.replace("version='1.0'>", "version='1.0' to='f.example'>") + xml + "</a>";
        let input = ProtocolInput::Received(words.as_bytes());
        talk.server.handle_input(talk.now, input);
        talk.run();

        let said = String::from_utf8(talk.from_server).unwrap();
        assert!(said.contains(&format!("<{condition} ")), "{xml}: {said}");
        assert!(said.ends_with("</stream:error></stream:stream>"), "{said}");
    }
}

#[test]
fn a_stanza_that_comes_byte_by_byte_is_looked_at_once() {
    let stanza = format!("<a>{}</a>", "<b c='d'>text</b>".repeat(50_000));
    let mut framer = Framer::new(Limits::default());
    framer.push(HEADER.as_bytes());
    assert!(matches!(framer.next_frame(), Ok(Some(Frame::Open(_)))));
    let mut frames = 0;
    for byte in stanza.as_bytes() {
        framer.push(core::slice::from_ref(byte));
        frames += usize::from(framer.next_frame().unwrap().is_some());
    }
    // Rescanning would take 850 000² / 2 steps, hours in this build.
    assert_eq!(frames, 1);
}

proptest! {
    #[test]
    fn no_bytes_make_anything_panic(data in proptest::collection::vec(any::<u8>(), 0..200)) {
        fuzz::framer(&data);
        fuzz::stanza(&data);
        fuzz::client(&data);
        fuzz::server(&data);
        let likely = [&[5][..], HEADER.as_bytes(), &data].concat();
        fuzz::framer(&likely);
        fuzz::client(&likely);
        fuzz::server(&likely);
    }

    #[test]
    fn no_markup_makes_anything_panic(words in proptest::collection::vec(0usize..24, 0..40)) {
        const WORDS: [&str; 24] = [
            "<a", ">", "/>", "</a>", "<b xmlns='n'", " c='d'", " xmlns:x='m'", "<x:y", "</x:y>", "]]>",
            "<![CDATA[", "&lt;", "&#65;", "<!--", "<?xml ", "?>", "'", "\"", "text", " ", "<stream:error>",
            "</stream:error>", "</stream:stream>", "<iq type='result' id='fw1'/>",
        ];
        let xml: String = words.iter().map(|n| WORDS[*n]).collect();
        fuzz::stanza(xml.as_bytes());
        let likely = [&[3][..], HEADER.as_bytes(), xml.as_bytes()].concat();
        fuzz::framer(&likely);
        fuzz::client(&likely);
        fuzz::server(&likely);
    }

    #[test]
    fn what_is_written_reads_as_it_was(text in "\\PC{0,20}", value in any::<String>(), depth in 0usize..5) {
        let allowed: String = value.chars().filter(|c| writer::is_allowed(*c)).collect();
        let mut element = Element::new("leaf", "urn:x").with_attribute("v", &allowed).with_text(&text);
        element.push_text(&allowed);
        for n in 0..depth {
            let space = if n % 2 == 0 { ns::CLIENT } else { "" };
            element = Element::new("node", space).with_text(&text).with_child(element);
        }
        let scope = Namespaces::with_default(ns::CLIENT);
        let read = Element::read(element.to_xml(ns::CLIENT).as_bytes(), &scope, &Limits::default());
        prop_assert_eq!(read, Ok(element));
    }
}

#[test]
fn limits_hold_for_each_stanza_not_for_the_stream() {
    let limits = Limits {
        elements: 3,
        stanza_bytes: 200,
        ..Limits::default()
    };
    let mut framer = Framer::new(limits);
    framer.push(HEADER.as_bytes());
    assert!(matches!(framer.next_frame(), Ok(Some(Frame::Open(_)))));
    for _ in 0..100 {
        framer.push(b"<a><b/><c/></a> \n");
        assert!(matches!(framer.next_frame(), Ok(Some(Frame::Stanza(_)))));
    }
    framer.push(b"<a><b/><c/><d/></a>");
    assert_eq!(framer.next_frame(), Err(Fault::LimitElements));
    assert_eq!(framer.next_frame(), Err(Fault::LimitElements), "it stays");
}
