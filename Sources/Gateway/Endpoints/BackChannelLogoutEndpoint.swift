import Access
import JSON
import Logging
import NIOCore
import NIOHTTP1
import OpenIDConnect

/// The provider says that a session there has ended, or all of a person's: those here that hang on them end, too
/// (OpenID Connect Back-Channel Logout 1.0).
enum BackChannelLogoutEndpoint {
    /// Logto waits for 2.5 s and never asks again. What takes longer is finished all the same.
    private static let patience = TimeAmount.milliseconds(2000)

    static func answer(_ request: EndpointRequest, on worker: Worker, _ respond: @escaping (Answer) -> Void) {
        guard request.isMethod("POST") else { return respond(.methodNotAllowed("POST")) }
        let tokens = (FormEncoding.decode(request.body) ?? []).filter { $0.name.elementsEqual("logout_token".utf8) }
        guard tokens.count == 1 else { return respond(.refusal("the form has no logout_token, or several")) }
        let respond = Self.within(Self.patience, on: worker, requestID: request.requestID, respond)
        // Those whose keys are known come first: who cannot be asked just now holds up nobody else's.
        let parties =
            worker.parties.filter { $0.provider.current != nil } + worker.parties.filter { $0.provider.current == nil }
        let judges = parties.map { LogoutJudge(directory: $0.provider, settings: $0.settings) }
        let text = String(decoding: tokens[0].value, as: UTF8.self)
        let now = worker.wallClock
        worker.run {
            try await LogoutJudge.judge(text, among: judges, now: now)
        } then: { result in
            switch result {
            case .success(let token):
                LogoutDelivery(token, requestID: request.requestID, on: worker, respond).begin()
            case .failure(let error as OpenIDConnectError):
                worker.logger.warning(
                    "a logout token was not accepted",
                    metadata: ["error": "\(error.debugDescription)", "request_id": "\(request.requestID)"]
                )
                respond(.refusal(error.description))
            case .failure(let error):
                let fault = error as? Fault ?? .provider("the provider's keys are not known")
                respond(.fault(fault, asPage: false, requestID: request.requestID))
            }
        }
    }

    /// Answers once: in time, or that it takes longer.
    private static func within(
        _ patience: TimeAmount,
        on worker: Worker,
        requestID: String,
        _ respond: @escaping (Answer) -> Void
    ) -> (Answer) -> Void {
        var pending: ((Answer) -> Void)? = respond
        let answer: (Answer) -> Void = { answer in
            pending?(answer)
            pending = nil
        }
        let box = NIOLoopBound(answer, eventLoop: worker.eventLoop)
        let timer = worker.eventLoop.scheduleTask(in: patience) {
            box.value(
                .fault(
                    Fault(.gateway, .serviceUnavailable, "the logout takes longer than the provider waits"),
                    asPage: false,
                    requestID: requestID
                )
            )
        }
        return {
            timer.cancel()
            answer($0)
        }
    }
}

/// Says whether a logout token is the provider's. Apart from the loop, because keys may have to be fetched.
private struct LogoutJudge: Sendable {
    let directory: ProviderDirectory
    let settings: Settings

    /// The token, if it is one of these providers'. Throws what the first of them says of it otherwise.
    static func judge(_ text: String, among judges: [LogoutJudge], now: Instant) async throws -> LogoutToken {
        var first: (any Error)?
        for judge in judges {
            do {
                return try await judge.judge(text, now: now)
            } catch {
                first = first ?? error
            }
        }
        throw first ?? OpenIDConnectError.tokenMalformed
    }

    private func judge(_ text: String, now: Instant) async throws -> LogoutToken {
        let token = try UnverifiedToken(text)
        let snapshot = try await self.directory.snapshot()
        let provider = self.settings.configuration.provider
        let validator = LogoutTokenValidator(
            issuer: provider.issuer,
            clientID: provider.client.id,
            algorithms: snapshot.provider.idTokenSigningAlgorithms,
            leeway: provider.clockSkew
        )
        do {
            return try validator.validate(token, keys: snapshot.keys, now: now)
        } catch  where error.isWorthFetchingKeys {
            let newer = try await self.directory.snapshotWithNewKeys(for: snapshot)
            return try validator.validate(token, keys: newer.keys, now: now)
        }
    }
}

extension Answer {
    /// As OAuth writes it, which Back-Channel Logout section 2.8 allows.
    static func refusal(_ description: String) -> Answer {
        .json(
            ["error": "invalid_request", "error_description": .string(description)],
            status: .badRequest
        )
    }
}

extension Worker {
    /// One line for each.
    func auditEnded(_ ended: [ListedSession], because reason: String, requestID: String? = nil) {
        for session in ended {
            self.audit?.write(
                .revoked,
                subject: session.summary?.subject,
                session: session.key,
                requestID: requestID,
                reason: reason
            )
        }
    }
}
