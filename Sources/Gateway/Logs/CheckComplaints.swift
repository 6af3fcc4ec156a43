import Logging
import NIOCore

/// Tells the operator what a front proxy has to change, but not for each request: strangers can cause these too.
final class CheckComplaints {
    private static let pause = TimeAmount.seconds(10)

    /// When each sentence was said last. As many as there are sentences.
    private var said: [String: NIODeadline] = [:]

    func note(_ refusal: CheckRefusal, peer: String, on worker: Worker) {
        let now = NIODeadline.now()
        if let last = self.said[refusal.reason], now - last < Self.pause { return }
        self.said[refusal.reason] = now
        worker.logger.warning(
            "a check was refused",
            metadata: ["reason": "\(refusal.reason)", "fix": "\(refusal.advice)", "peer": "\(peer)"]
        )
    }
}

@available(*, unavailable)
extension CheckComplaints: Sendable {}
