import Access
import Cryptography
import JSON
import Logging
import NIOCore
import NIOHTTP1
import OpenIDConnect

/// Logto's webhooks about people. It sends no back-channel logout for somebody who is suspended or deleted (logto.md, 4.6);
/// this is the quick way to learn of it, and the next refresh the sure one.
enum WebhookEndpoint {
    static let signatureField = "logto-signature-sha-256"
    /// Of one event; Logto names no more.
    private static let mostPeople = 10_000
    /// How many of them are dealt with in one turn of the loop: it has others to serve.
    private static let batch = 100

    static func answer(
        _ request: EndpointRequest,
        signature: String?,
        on worker: Worker,
        _ respond: @escaping (Answer) -> Void
    ) {
        let senders = worker.settings.providers.filter { $0.webhookKey != nil }
        guard !senders.isEmpty else {
            return respond(.fault(.noRoute, asPage: false, requestID: request.requestID))
        }
        guard request.isMethod("POST") else { return respond(.methodNotAllowed("POST")) }
        let given = Array((signature ?? "").utf8)
        let sender = senders.first { sender in
            let expected = sender.webhookKey?.withBytes { Self.hexadecimal(Digest.hmacSHA256(request.body, key: $0)) }
            return expected.map { constantTimeEqual(given, $0) } ?? false
        }
        guard let sender else {
            let fault = Fault(.downstream, .unauthorized, "a webhook whose signature does not hold")
            return respond(.fault(fault, asPage: false, requestID: request.requestID))
        }
        guard let json = try? JSON.parse(request.body), let name = json["event"]?.stringValue else {
            return respond(.refusal("the body is not an event"))
        }
        let (people, mustEnd) = Self.effect(of: name, json)
        guard people.count <= Self.mostPeople else {
            worker.logger.error(
                "a webhook names more people than are taken at once",
                metadata: ["event": "\(name)", "people": "\(people.count)", "request_id": "\(request.requestID)"]
            )
            return respond(.fault(.bodyTooLarge, asPage: false, requestID: request.requestID))
        }
        let event = Event(name: name, mustEnd: mustEnd, issuer: sender.issuer)
        Self.carryOut(event, people[...], request, on: worker, respond)
    }

    private struct Event {
        let name: String
        let mustEnd: Bool
        let issuer: String
    }

    /// Whom it concerns, and whether their sessions end or are to be refreshed.
    private static func effect(of name: String, _ event: JSON) -> (people: [String], mustEnd: Bool) {
        let person = event["data"]?["id"]?.stringValue ?? event["params"]?["userId"]?.stringValue
        switch name {
        case "User.Deleted": return ([person].compactMap(\.self), true)
        case "User.SuspensionStatus.Updated" where event["data"]?["isSuspended"]?.boolValue == true:
            return ([person].compactMap(\.self), true)
        case "User.Data.Updated": return ([person].compactMap(\.self), false)
        case "Organization.Membership.Updated":
            let lists = ["addedUserIds", "removedUserIds"].compactMap { event[$0]?.arrayValue }
            return (lists.joined().compactMap(\.stringValue), false)
        default: return ([], false)
        }
    }

    private static func carryOut(
        _ event: Event,
        _ people: ArraySlice<String>,
        _ request: EndpointRequest,
        on worker: Worker,
        _ respond: @escaping (Answer) -> Void
    ) {
        let batch = people.prefix(Self.batch)
        guard !batch.isEmpty else { return respond(Answer(status: .noContent)) }
        worker.sessions.each(batch) { person, done in
            Self.carryOut(event, person, request, on: worker, done)
        } completion: { result in
            if case .failure(let fault) = result {
                return respond(.fault(fault, asPage: false, requestID: request.requestID))
            }
            worker.eventLoop.assumeIsolated().execute {
                Self.carryOut(event, people.dropFirst(batch.count), request, on: worker, respond)
            }
        }
    }

    private static func carryOut(
        _ event: Event,
        _ person: String,
        _ request: EndpointRequest,
        on worker: Worker,
        _ done: @escaping (Result<Void, Fault>) -> Void
    ) {
        let index = SessionIndex.subject(person, issuer: event.issuer)
        guard event.mustEnd else { return worker.sessions.markStale(in: index) { done($0.map { _ in () }) } }
        worker.sessions.endAll(in: index) { result in
            if case .success(let ended) = result {
                worker.auditEnded(ended, because: "webhook \(event.name)", requestID: request.requestID)
            }
            done(result.map { _ in () })
        }
    }

    private static func hexadecimal(_ bytes: [UInt8]) -> [UInt8] {
        let digits = Array("0123456789abcdef".utf8)
        return bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    }
}
