/// What an answer says about who was let through.
package enum Verdict: Sendable, Equatable {
    /// "Sign in first", or "not you".
    case stopped
    /// Somebody on the way took the request for a bad one.
    case refused
    /// It went to the application, or came from a cache in front of it.
    case passed(Int)
    /// A redirect to somewhere else.
    case redirected(String)
    /// A status from which nothing follows, or no answer.
    case unclear(String)

    /// - Parameters:
    ///   - signIn: the beginnings of addresses where a sign-in goes on.
    package init(_ outcome: WireOutcome, signIn: [String]) {
        guard let answer = outcome.answer else {
            switch outcome {
            case .closed: self = .refused
            case .timeout: self = .unclear("no answer in time")
            case .unreachable(let reason): self = .unclear(reason)
            case .answer: self = .unclear("no answer")
            }
            return
        }
        switch answer.status {
        case 401, 403: self = .stopped
        case 400, 414, 421, 431, 501, 505: self = .refused
        case 405 where answer.isGatehouses: self = .refused
        case 300..<400:
            let location = answer.first("location") ?? ""
            let goesToSignIn = signIn.contains { location.utf8.starts(with: $0.utf8) }
            self = goesToSignIn ? .stopped : answer.status == 304 ? .passed(304) : .redirected(location)
        // Ours, and so before any application; and ours after the decision, when the application was to be asked.
        case 404 where answer.isGatehouses: self = .refused
        case 502 where answer.isGatehouses, 504 where answer.isGatehouses: self = .passed(answer.status)
        // The application's own, or the front's: nobody can tell.
        case 404, 405, 410, 429, 500...: self = .unclear("\(answer.status)")
        default: self = .passed(answer.status)
        }
    }
}
