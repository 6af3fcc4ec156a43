import Access
import Cryptography
import Logging
import NIOCore
import NIOHTTP1
import OpenIDConnect

/// A logout token that has been accepted, until what it says is done.
///
/// Logto sends each once. So a store that fails does not end it: it is tried again for a minute, whether or not somebody
/// still waits for the answer. Only then is the token given back, for a provider that does send it again.
final class LogoutDelivery {
    private let token: LogoutToken
    private let requestID: String
    private let worker: Worker
    private let respond: (Answer) -> Void
    /// Tells our own claim on the token, whose answer may have been lost, from that of another delivery.
    private let claimant = Random.bytes(16)
    private let life: Duration
    private var failures = 0

    private static let pause = TimeAmount.milliseconds(250)
    private static let attempts = 240

    init(_ token: LogoutToken, requestID: String, on worker: Worker, _ respond: @escaping (Answer) -> Void) {
        self.token = token
        self.requestID = requestID
        self.worker = worker
        self.respond = respond
        self.life = token.expiresAt - worker.wallClock + .seconds(1)
    }

    private var name: [UInt8] { Digest.sha256(Array("logout\0\(self.token.issuer)\0\(self.token.id)".utf8)) }

    private var index: SessionIndex {
        switch self.token.target {
        case .session(let id): .providerSession(id, issuer: self.token.issuer)
        case .subject(let subject): .subject(subject, issuer: self.token.issuer)
        }
    }

    /// A token is good once, also for two replicas at the same moment.
    func begin() {
        self.worker.sessions.store.claim(self.name, by: self.claimant, expiresIn: self.life) { result in
            switch result {
            case .success(true): self.end()
            case .success(false): self.respond(.refusal("this logout token has been used"))
            case .failure(let fault) where fault.kind == .refused: self.endUnclaimed(.store(fault))
            case .failure(let fault): self.tryAgain(.store(fault)) { self.begin() }
            }
        }
    }

    private func end() {
        self.worker.sessions.endAll(in: self.index) { result in
            switch result {
            case .success(let ended):
                self.noteEnded(ended)
                self.respond(Answer(status: .ok))
            case .failure(let fault): self.tryAgain(fault) { self.end() }
            }
        }
    }

    /// A store that takes no more writes still lets go of sessions. That they are gone is not all there is to do, so
    /// whoever asked is told to ask again.
    private func endUnclaimed(_ fault: Fault) {
        self.worker.sessions.endKnown(in: self.index) { result in
            switch result {
            case .success(let ended):
                self.noteEnded(ended)
                self.fail(fault)
            case .failure: self.tryAgain(fault) { self.begin() }
            }
        }
    }

    private func tryAgain(_ fault: Fault, _ step: @escaping () -> Void) {
        self.failures += 1
        guard self.failures < Self.attempts else { return self.giveUp(fault) }
        self.worker.eventLoop.assumeIsolated().scheduleTask(in: Self.pause) { step() }
    }

    private func giveUp(_ fault: Fault) {
        self.worker.logger.error(
            "a logout of the provider's was not carried out, because the session store failed for too long",
            metadata: ["error": "\(fault.detail ?? fault.reason)", "request_id": "\(self.requestID)"]
        )
        self.worker.sessions.store.disclaim(self.name, by: self.claimant) { _ in self.fail(fault) }
    }

    private func noteEnded(_ ended: [ListedSession]) {
        self.worker.auditEnded(ended, because: "back-channel logout", requestID: self.requestID)
    }

    private func fail(_ fault: Fault) {
        self.respond(.fault(fault, asPage: false, requestID: self.requestID))
    }
}

@available(*, unavailable)
extension LogoutDelivery: Sendable {}
