//! One Finesse node of the file: its roads, and whose certificates are believed.

use super::fault::Faults;
use super::file;
use finewire_core::machine::Fingerprint;
use std::path::{Path, PathBuf};
use toml::Spanned;

/// One Finesse node.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) host: String,
    pub(crate) port: u16,
    /// Where the notification service is, if elsewhere.
    pub(crate) xmpp_host: Option<String>,
    pub(crate) xmpp_port: u16,
    pub(crate) xmpp: XmppRoad,
    /// Whether REST is talked to without TLS.
    pub(crate) is_plain: bool,
    pub(crate) trust: Trust,
}

/// How the notification service is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum XmppRoad {
    /// TLS from the first byte.
    Tls,
    /// In clear.
    Tcp,
    /// A WebSocket, with TLS where REST has it.
    WebSocket,
}

impl XmppRoad {
    /// As a file says it.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Tls => "tls",
            Self::Tcp => "tcp",
            Self::WebSocket => "websocket",
        }
    }

    const fn default_port(self) -> u16 {
        match self {
            Self::Tls => 5223,
            Self::Tcp => 5222,
            Self::WebSocket => 8445,
        }
    }
}

/// Whose certificates are believed.
#[derive(Clone, Debug)]
pub(crate) enum Trust {
    /// Those of the system's authorities.
    System,
    /// Those of the authority in this PEM file.
    Authority(PathBuf),
    /// This certificate alone.
    Pinned(Fingerprint),
}

pub(super) fn check(node: &file::Node, folder: &Path, faults: &mut Faults) -> Option<Node> {
    let host = check_host(&node.host, faults);
    let xmpp_host = node.xmpp_host.as_ref().map(|host| check_host(host, faults));
    let ports = [Some(&node.port), node.xmpp_port.as_ref()];
    for port in ports.into_iter().flatten() {
        if *port.get_ref() == 0 {
            faults.add(port.span(), "not a port to connect to", "1 to 65535");
        }
    }
    let is_plain = check_security(node, &host, faults);
    let xmpp = check_road(
        node,
        xmpp_host.as_deref().unwrap_or(&host),
        is_plain,
        faults,
    );
    let trust = check_trust(
        node.ca_file.as_ref(),
        node.fingerprint.as_ref(),
        folder,
        faults,
    );
    let xmpp = xmpp?;
    let port = node.xmpp_port.as_ref().map(|port| *port.get_ref());
    Some(Node {
        host,
        port: *node.port.get_ref(),
        xmpp_host,
        xmpp_port: port.unwrap_or(xmpp.default_port()),
        xmpp,
        is_plain: is_plain?,
        trust: trust?,
    })
}

fn check_host(host: &Spanned<String>, faults: &mut Faults) -> String {
    let name = host.get_ref().trim();
    let has_no_name = name.is_empty()
        || name.contains(['/', ':', ' ']) && name.parse::<core::net::Ipv6Addr>().is_err();
    if has_no_name {
        let hint = "a host name such as \"finesse-a.example.com\", without scheme and port";
        faults.add(host.span(), "not a host name", hint);
    }
    name.to_owned()
}

/// Whether a node's REST interface is talked to without TLS.
fn check_security(node: &file::Node, host: &str, faults: &mut Faults) -> Option<bool> {
    let Some(word) = &node.security else {
        return Some(false);
    };
    match word.get_ref().as_str() {
        "tls" => Some(false),
        "plain" if is_loopback(host) || node.allow_plaintext => Some(true),
        "plain" => {
            let hint = "use \"tls\", or set allow_plaintext = true: passwords in clear";
            let message = "plain text to a host that is not loopback";
            faults.add(word.span(), message, hint);
            None
        }
        other => {
            let message = format!("unknown security {other:?}");
            faults.add(word.span(), message, "\"tls\" or \"plain\"");
            None
        }
    }
}

/// How notifications come: as the node says, else in clear exactly where REST is in clear.
fn check_road(
    node: &file::Node,
    host: &str,
    is_plain: Option<bool>,
    faults: &mut Faults,
) -> Option<XmppRoad> {
    let Some(word) = &node.xmpp else {
        return Some(match is_plain? {
            true => XmppRoad::Tcp,
            false => XmppRoad::Tls,
        });
    };
    let road = match word.get_ref().as_str() {
        "tls" => XmppRoad::Tls,
        "tcp" => XmppRoad::Tcp,
        "websocket" => XmppRoad::WebSocket,
        other => {
            let message = format!("unknown road {other:?} for notifications");
            faults.add(word.span(), message, "\"tls\", \"tcp\" or \"websocket\"");
            return None;
        }
    };
    let is_clear = road == XmppRoad::Tcp || road == XmppRoad::WebSocket && is_plain == Some(true);
    if is_clear && !is_loopback(host) && !node.allow_plaintext {
        let hint =
            "use \"tls\" or \"websocket\", or set allow_plaintext = true: passwords in clear";
        let message = "plain text to a host that is not loopback";
        faults.add(word.span(), message, hint);
        return None;
    }
    Some(road)
}

fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host
            .parse::<core::net::IpAddr>()
            .is_ok_and(|ip| ip.is_loopback())
}

pub(super) fn check_trust(
    authority: Option<&Spanned<PathBuf>>,
    fingerprint: Option<&Spanned<String>>,
    folder: &Path,
    faults: &mut Faults,
) -> Option<Trust> {
    match (authority, fingerprint) {
        (None, None) => Some(Trust::System),
        (Some(_), Some(both)) => {
            faults.add(
                both.span(),
                "both ca_file and fingerprint are given",
                "choose one",
            );
            None
        }
        (Some(file), None) => {
            let path = check_file(file, folder, faults);
            path.map(Trust::Authority)
        }
        (None, Some(text)) => match parse_fingerprint(text.get_ref()) {
            Some(fingerprint) => Some(Trust::Pinned(fingerprint)),
            None => {
                let hint = "64 hex digits, colons allowed: openssl x509 -noout -fingerprint \
                            -sha256 -in cert.pem";
                faults.add(text.span(), "not a SHA-256 fingerprint", hint);
                None
            }
        },
    }
}

/// The path of a file that has to be there.
pub(super) fn check_file(
    file: &Spanned<PathBuf>,
    folder: &Path,
    faults: &mut Faults,
) -> Option<PathBuf> {
    let path = folder.join(file.get_ref());
    if path.is_file() {
        return Some(path);
    }
    let message = format!("there is no file {}", path.display());
    faults.add(file.span(), message, "a PEM file");
    None
}

fn parse_fingerprint(text: &str) -> Option<Fingerprint> {
    let digits: Vec<u32> = text
        .chars()
        .filter(|c| !matches!(c, ':' | ' '))
        .map(|c| c.to_digit(16))
        .collect::<Option<_>>()?;
    let bytes: Vec<u8> = digits
        .chunks_exact(2)
        .map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit))
        .map(u8::try_from)
        .collect::<Result<_, _>>()
        .ok()?;
    if digits.len() != 64 {
        return None;
    }
    <[u8; 32]>::try_from(bytes).ok().map(Fingerprint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse;

    fn node(lines: &str) -> Result<Node, String> {
        let text = format!(
            "[broker]\nurl = \"tcp://a:61616\"\n\n[[finesse.node]]\n{lines}\n\n\
             [driver]\nuse_secure_password = false\n"
        );
        let settings = parse(Path::new("c.toml"), &text).map_err(|faults| faults.to_string());
        settings.map(|mut settings| settings.nodes.remove(0))
    }

    #[test]
    fn notifications_come_by_tls_unless_the_node_says_otherwise() {
        for (lines, xmpp, port) in [
            ("", XmppRoad::Tls, 5223),
            ("xmpp = \"tls\"", XmppRoad::Tls, 5223),
            ("xmpp = \"websocket\"", XmppRoad::WebSocket, 8445),
            (
                "xmpp = \"websocket\"\nxmpp_port = 7443",
                XmppRoad::WebSocket,
                7443,
            ),
            (
                "xmpp = \"tcp\"\nallow_plaintext = true",
                XmppRoad::Tcp,
                5222,
            ),
            (
                "security = \"plain\"\nallow_plaintext = true",
                XmppRoad::Tcp,
                5222,
            ),
            (
                "security = \"plain\"\nallow_plaintext = true\nxmpp = \"tls\"",
                XmppRoad::Tls,
                5223,
            ),
        ] {
            let node = node(&format!("host = \"finesse.example\"\n{lines}")).unwrap();
            assert_eq!((node.xmpp, node.xmpp_port), (xmpp, port), "{lines}");
        }
    }

    #[test]
    fn passwords_go_in_clear_off_loopback_only_where_that_is_allowed_in_words() {
        for lines in [
            "xmpp = \"tcp\"",
            "security = \"plain\"",
            "security = \"plain\"\nxmpp = \"websocket\"",
        ] {
            let found = node(&format!("host = \"finesse.example\"\n{lines}")).unwrap_err();
            assert!(found.contains("allow_plaintext"), "{lines}: {found}");
            assert!(node(&format!("host = \"127.0.0.1\"\n{lines}")).is_ok());
        }
        let elsewhere = "host = \"127.0.0.1\"\nxmpp_host = \"far.example\"\nxmpp = \"tcp\"";
        assert!(node(elsewhere).unwrap_err().contains("not loopback"));
    }

    #[test]
    fn an_unknown_road_is_shown_with_what_there_is() {
        let found = node("host = \"f.example\"\nxmpp = \"bosh\"").unwrap_err();
        assert!(
            found.contains("c.toml:6:8: unknown road \"bosh\""),
            "{found}"
        );
        assert!(found.contains("\"websocket\""), "{found}");
    }

    #[test]
    fn fingerprints_are_read_with_and_without_colons() {
        let plain = "ab".repeat(32);
        let colons = vec!["AB"; 32].join(":");
        assert_eq!(parse_fingerprint(&plain), Some(Fingerprint([0xab; 32])));
        assert_eq!(parse_fingerprint(&colons), Some(Fingerprint([0xab; 32])));
        assert_eq!(parse_fingerprint("ab"), None);
    }
}
