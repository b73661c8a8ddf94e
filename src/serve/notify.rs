//! Messages to systemd: ready, stopping, alive (sd_notify(3)). Without systemd they do nothing.

use super::core::Core;
use sd_notify::NotifyState;
use std::sync::Arc;
use tokio::time::sleep;

/// Says that the server answers requests.
pub fn ready() {
    send(NotifyState::Ready);
}

/// Says that the server is shutting down.
pub fn stopping() {
    send(NotifyState::Stopping);
}

/// Says again and again that the server is alive, if systemd waits for it. Never ends.
///
/// Twice in each period, and only while the verdict threads take what comes. A store that cannot be read is no reason
/// for a restart: its requests are taken, and answered 503.
pub async fn stay_alive(core: Arc<Core>) {
    let Some(period) = sd_notify::watchdog_enabled() else {
        return std::future::pending().await;
    };
    loop {
        let before = core.queue.progress();
        sleep(period / 2).await;
        let now = core.queue.progress();
        if now.is_none() || now != before {
            send(NotifyState::Watchdog);
        }
    }
}

fn send(state: NotifyState<'_>) {
    // systemd is gone, or its socket: nobody else wants to know.
    drop(sd_notify::notify(&[state]));
}
