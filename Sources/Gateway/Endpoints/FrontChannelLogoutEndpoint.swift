import Access
import NIOHTTP1
import OpenIDConnect

/// The provider says through the browser, in a frame of its sign-out page, that a session there has ended (OpenID Connect
/// Front-Channel Logout 1.0). Browsers send no cookie of ours into that frame, so the session is found by its name.
enum FrontChannelLogoutEndpoint {
    private static let longestName = 255

    /// Both `iss` and `sid` must be there: that name is the proof of who asks.
    static func answer(_ request: EndpointRequest, on worker: Worker, _ respond: @escaping (Answer) -> Void) {
        guard request.isMethod("GET") else { return respond(.methodNotAllowed("GET")) }
        let given = request.parameters.filter { $0.name.elementsEqual("iss".utf8) }
        let names = request.parameters.filter { $0.name.elementsEqual("sid".utf8) }
        let issuers = worker.settings.providers.map(\.issuer)
        guard given.count == 1, names.count == 1,
            let issuer = issuers.first(where: { given[0].value.elementsEqual($0.utf8) }),
            (1...Self.longestName).contains(names[0].value.count)
        else { return respond(.refusal("iss and sid of the provider's session are needed, once each")) }
        let index = SessionIndex.providerSession(String(decoding: names[0].value, as: UTF8.self), issuer: issuer)
        worker.sessions.endKnown(in: index) { result in
            switch result {
            case .success(let ended):
                worker.auditEnded(ended, because: "front-channel logout", requestID: request.requestID)
                // Nothing to see: the frame is not shown.
                respond(Answer(status: .ok, contentType: "text/html; charset=utf-8"))
            case .failure(let fault): respond(.fault(fault, asPage: false, requestID: request.requestID))
            }
        }
    }
}
