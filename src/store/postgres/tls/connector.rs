//! Connector that tells whether a server has agreed to TLS: the client has no error of its own for one that has not.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use tokio_postgres::Socket;
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres_rustls::MakeRustlsConnect;

/// Connector of TLS.
#[derive(Clone)]
pub struct Connector {
    connector: MakeRustlsConnect,
    has_begun: Arc<AtomicBool>,
}

impl Connector {
    /// Creates a connector that makes handshakes by `connector`.
    pub fn new(connector: MakeRustlsConnect) -> Self {
        Connector {
            connector,
            has_begun: Arc::default(),
        }
    }

    /// Tells whether a handshake has begun.
    pub fn has_begun(&self) -> bool {
        self.has_begun.load(Relaxed)
    }
}

/// Handshake that is to be made.
pub struct Handshake<T> {
    handshake: T,
    has_begun: Arc<AtomicBool>,
}

impl MakeTlsConnect<Socket> for Connector {
    type Stream = <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream;
    type TlsConnect = Handshake<<MakeRustlsConnect as MakeTlsConnect<Socket>>::TlsConnect>;
    type Error = <MakeRustlsConnect as MakeTlsConnect<Socket>>::Error;

    fn make_tls_connect(&mut self, host: &str) -> Result<Self::TlsConnect, Self::Error> {
        Ok(Handshake {
            handshake: MakeTlsConnect::<Socket>::make_tls_connect(&mut self.connector, host)?,
            has_begun: Arc::clone(&self.has_begun),
        })
    }
}

impl<T: TlsConnect<Socket>> TlsConnect<Socket> for Handshake<T> {
    type Stream = T::Stream;
    type Error = T::Error;
    type Future = T::Future;

    fn connect(self, stream: Socket) -> Self::Future {
        self.has_begun.store(true, Relaxed);
        self.handshake.connect(stream)
    }
}
