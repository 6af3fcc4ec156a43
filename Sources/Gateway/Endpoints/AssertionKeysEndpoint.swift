import Access
import JSON
import NIOHTTP1

/// The public keys of our assertions, for whoever verifies them.
enum AssertionKeysEndpoint {
    static func answer(_ request: EndpointRequest, on worker: Worker) -> Answer {
        guard request.isMethod("GET") || request.isMethod("HEAD") else { return .methodNotAllowed("GET, HEAD") }
        var answer = Answer.json(worker.settings.assertionKeys.published, status: .ok)
        answer.contentType = "application/jwk-set+json"
        answer.cacheControl = "public, max-age=300"
        return answer
    }
}
