package import Access

/// Envoy's HTTP `ext_authz`: the check has the method and the `Host` of the original request, and its target behind our
/// path. Answers are those of `ForwardAuth`.
package enum ExtAuthz {
    /// - Parameters:
    ///   - target: what stands behind our path.
    ///   - method: of the check itself.
    ///   - host: of the check itself.
    package static func request(
        _ target: String,
        method: String,
        host: String,
        from fields: OriginalFields,
        scheme: Scheme,
        known: NamedHost? = nil
    ) throws(CheckRefusal) -> OriginalRequest {
        try OriginalRequest(
            method: method,
            methodName: nil,
            proto: try fields.required(.forwardedProto),
            host: host,
            target: target,
            targetName: nil,
            scheme: scheme,
            known: known
        )
    }
}
