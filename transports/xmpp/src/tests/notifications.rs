use super::*;

/// What the client hears for these words of the server.
fn heard(xml: &str) -> (Vec<ClientEvent>, u64) {
    let mut talk = Talk::logged_in();
    talk.heard.clear();
    talk.server_says(xml);
    assert_eq!(talk.client_end, None, "{xml}");
    (talk.heard, talk.client.ignored())
}

fn notified(to: &str, node: &str, items: &[(&str, &str)]) -> ClientEvent {
    ClientEvent::Notified {
        from: Some(jid("pubsub.f.example")),
        to: Some(jid(to)),
        node: node.into(),
        items: items
            .iter()
            .map(|(id, payload)| Item {
                id: Some((*id).into()),
                payload: (*payload).into(),
            })
            .collect(),
    }
}

#[test]
fn both_namespaces_of_notification_and_escaped_text_are_read() {
    for namespace in ["http://jabber.org/protocol/pubsub", "urn:xmpp:push:0"] {
        let (events, _) = heard(&format!(
            "<message from='pubsub.f.example' to='1001001@f.example' id='QM0FAiNp'>\
            <event xmlns='http://jabber.org/protocol/pubsub#event'><items node='/finesse/api/User/1001001'>\
            <item id='a6ca891f-8b34-443f-8c7d-dac020d41838330'><notification xmlns='{namespace}' type='html'>\
            &lt;Update&gt;&lt;data&gt;&lt;x&gt;a &amp;amp; b&lt;/x&gt;&lt;/data&gt;&lt;/Update&gt;\
            </notification></item></items></event></message>"
        ));

        let payload = "<Update><data><x>a &amp; b</x></data></Update>";
        assert_eq!(
            events,
            [notified(
                "1001001@f.example",
                "/finesse/api/User/1001001",
                &[("a6ca891f-8b34-443f-8c7d-dac020d41838330", payload)]
            )]
        );
    }
}

#[test]
fn a_literal_child_and_several_items_are_read_in_their_order() {
    let (events, _) = heard(
        "<message from='pubsub.f.example' to='1001001@f.example/finewire'>\
        <event xmlns='http://jabber.org/protocol/pubsub#event'><items node='/n'>\
        <item id='1'><notification xmlns='http://jabber.org/protocol/pubsub'> \
        <Update a=\"1\"><data><x>a &amp; b</x><y/></data></Update></notification></item>\
        <item id='2'><notification xmlns='urn:xmpp:push:0'><![CDATA[<Update>]]&gt;</Update>]]></notification></item>\
        <item id='3'><entry xmlns='urn:other'>text</entry></item><item id='4'/>\
        </items></event></message>",
    );

    assert_eq!(
        events,
        [notified(
            "1001001@f.example/finewire",
            "/n",
            &[
                (
                    "1",
                    "<Update a='1'><data><x>a &amp; b</x><y/></data></Update>"
                ),
                ("2", "<Update>]]&gt;</Update>"),
                ("3", "<entry xmlns='urn:other'>text</entry>"),
                ("4", ""),
            ]
        )]
    );
}

#[test]
fn messages_of_another_kind_are_counted_and_nothing_else() {
    for xml in [
        "<message from='a@f.example' type='chat'><body>hello</body></message>",
        "<message from='a@f.example'><event xmlns='urn:other'><items node='/n'/></event></message>",
        "<message type='error' from='pubsub.f.example'><event xmlns='http://jabber.org/protocol/pubsub#event'>\
            <items node='/n'><item><notification/></item></items></event></message>",
        "<presence type='subscribed' from='finesse@f.example'/>",
        // Nobody may know whether it is there, which is not the same as absent.
        "<presence type='error' from='finesse@f.example/x'><error/></presence>",
        "<presence/>",
        "<unknown xmlns='urn:other'/>",
    ] {
        assert_eq!(heard(xml), (vec![], 1), "{xml}");
    }
}

#[test]
fn presences_tell_who_is_there() {
    for (xml, available, priority) in [
        ("<presence from='finesse@f.example/x'/>", true, 0),
        (
            "<presence from='finesse@f.example/x'><priority> -5 </priority></presence>",
            true,
            -5,
        ),
        (
            "<presence type='unavailable' from='finesse@f.example/x'/>",
            false,
            0,
        ),
    ] {
        let from = jid("finesse@f.example/x");
        let presence = ClientEvent::Presence {
            from,
            available,
            priority,
        };
        assert_eq!(heard(xml).0, [presence], "{xml}");
    }
}
