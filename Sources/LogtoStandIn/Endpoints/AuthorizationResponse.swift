import JSON

/// The way back to the application, with a code or an error.
enum AuthorizationResponse {
    static func code(_ code: String, to address: ReturnAddress, _ state: inout StandInState) -> Response {
        var parameters = Form()
        parameters.append("code", code)
        return deliver(parameters, to: address, &state)
    }

    static func refusal(_ error: OAuthError, to address: ReturnAddress, _ state: inout StandInState) -> Response {
        var parameters = Form()
        parameters.append("error", error.error)
        parameters.append("error_description", ifPresent: error.detail)
        state.record("authorization_refused", ["error": .string(error.error), "reason": JSON(error.detail)])
        return deliver(parameters, to: address, &state)
    }

    private static func deliver(_ answer: Form, to address: ReturnAddress, _ state: inout StandInState) -> Response {
        var parameters = answer
        parameters.append("state", ifPresent: address.state)
        if state.knobs.sendsIssuer { parameters.append("iss", state.issuer) }
        if let mutation = state.takeCallbackMutation() { parameters = mutation.apply(to: parameters) }
        guard let redirectURI = WebAddress(address.redirectURI) else { return OAuthError.serverError.response() }
        switch address.mode {
        case .query:
            return .redirect(to: redirectURI.adding(parameters)).notStored
        case .fragment:
            return .redirect(to: redirectURI.text + "#" + parameters.encoded).notStored
        case .formPost:
            return .html(Page.submitting(parameters, to: redirectURI.text)).notStored
        }
    }
}
