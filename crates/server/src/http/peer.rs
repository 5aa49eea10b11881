//! The network address of who calls. Behind a proxy that the operator trusts it is the one that the proxy tells.

use axum::extract::ConnectInfo;
use axum::http::request::Parts;
use std::net::{IpAddr, SocketAddr};

/// Networks, such as `10.0.0.0/8` or `::1`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Networks(Vec<(IpAddr, u32)>);

impl Networks {
    /// Reads a comma list; `None` if a part of it is no address and no network.
    pub fn parse(text: &str) -> Option<Networks> {
        let one = |part: &str| {
            let (address, bits) = match part.split_once('/') {
                Some((address, bits)) => (address, Some(bits.parse::<u32>().ok()?)),
                None => (part, None),
            };
            let address: IpAddr = address.parse().ok()?;
            let width = if address.is_ipv4() { 32 } else { 128 };
            let bits = bits.unwrap_or(width);
            (bits <= width).then_some((address, bits))
        };
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        parts.map(one).collect::<Option<Vec<_>>>().map(Networks)
    }

    /// Whether an address is in one of them.
    pub fn hold(&self, address: IpAddr) -> bool {
        self.0.iter().any(|(network, bits)| match (network, address) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let shift = 32 - bits;
                network.to_bits().checked_shr(shift) == address.to_bits().checked_shr(shift)
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let shift = 128 - bits;
                network.to_bits().checked_shr(shift) == address.to_bits().checked_shr(shift)
            }
            _ => false,
        })
    }
}

/// The address of who calls; `None` for calls that came over no network.
///
/// `X-Forwarded-For` is read from its end, as far as each address before was that of a trusted proxy.
pub fn address(parts: &Parts, trusted: &Networks) -> Option<IpAddr> {
    let ConnectInfo(peer) = parts.extensions.get::<ConnectInfo<SocketAddr>>()?;
    let mut address = peer.ip().to_canonical();
    let forwarded: Vec<&str> = parts
        .headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    for before in forwarded.into_iter().rev() {
        if !trusted.hold(address) {
            break;
        }
        let Ok(before) = before.trim().parse::<IpAddr>() else { break };
        address = before.to_canonical();
    }
    Some(address)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        let asked = |peer: &str, forwarded: &str, trusted: &str| {
            let request = Request::builder().header("x-forwarded-for", forwarded).body(()).unwrap();
            let (mut parts, ()) = request.into_parts();
            let peer: SocketAddr = format!("{peer}:1").parse().unwrap();
            parts.extensions.insert(ConnectInfo(peer));
            address(&parts, &Networks::parse(trusted).unwrap()).unwrap().to_string()
        };

        assert_eq!(asked("203.0.113.9", "198.51.100.7", ""), "203.0.113.9");
        assert_eq!(asked("10.0.0.2", "198.51.100.7", "10.0.0.0/8"), "198.51.100.7");
        assert_eq!(asked("10.0.0.2", "1.2.3.4, 198.51.100.7", "10.0.0.0/8"), "198.51.100.7");
        assert_eq!(asked("10.0.0.2", "198.51.100.7, 10.9.9.9", "10.0.0.0/8"), "198.51.100.7");
        assert_eq!(asked("10.0.0.2", "nonsense", "10.0.0.0/8"), "10.0.0.2");
        assert_eq!(asked("[::1]", "2001:db8::1", "::1, 127.0.0.1"), "2001:db8::1");
        assert_eq!(asked("[::ffff:10.0.0.2]", "198.51.100.7", "10.0.0.0/8"), "198.51.100.7");
    }

    #[test]
    fn networks_are_read_or_refused() {
        assert!(Networks::parse("0.0.0.0/0").unwrap().hold("1.2.3.4".parse().unwrap()));
        assert!(!Networks::parse("").unwrap().hold("1.2.3.4".parse().unwrap()));
        for wrong in ["proxy", "10.0.0.0/33", "10.0.0/8", "::/129"] {
            assert_eq!(Networks::parse(wrong), None, "{wrong}");
        }
    }
}
