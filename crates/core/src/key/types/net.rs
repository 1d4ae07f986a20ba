//! Network addresses, as their text.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

use crate::key::{CacheKey, KeyEncoder, KeyError};

macro_rules! texts {
    ($($type:ty),*) => {$(
        impl CacheKey for $type {
            fn encode_key(&self, out: &mut KeyEncoder) -> Result<(), KeyError> {
                out.text(self)
            }
        }
    )*};
}

texts!(IpAddr, Ipv4Addr, Ipv6Addr, SocketAddrV4);

impl CacheKey for SocketAddr {
    fn encode_key(&self, out: &mut KeyEncoder) -> Result<(), KeyError> {
        match self {
            Self::V4(address) => address.encode_key(out),
            Self::V6(address) => address.encode_key(out),
        }
    }
}

/// The text has no flow label, so where there is one it stands beside the text; serde loses it.
impl CacheKey for SocketAddrV6 {
    fn encode_key(&self, out: &mut KeyEncoder) -> Result<(), KeyError> {
        if self.flowinfo() == 0 {
            return out.text(self);
        }
        out.seq(|out| {
            out.text(self)?;
            self.flowinfo().encode_key(out)
        })
    }
}
