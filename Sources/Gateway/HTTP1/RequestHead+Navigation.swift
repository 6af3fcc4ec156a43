import Access

extension RequestHead {
    /// Whether a browser is on its way to a page.
    var isNavigation: Bool { self.isNavigation(method: self.method) }

    /// The same for the request that somebody asks about.
    func isNavigation(method: String) -> Bool {
        AccessRequest.isNavigation(
            method: method,
            secFetchMode: self.joined(.secFetchMode),
            secFetchDest: self.joined(.secFetchDest),
            accept: self.accept,
            hasUpgrade: self.hasUpgrade,
            xRequestedWith: self.joined(.requestedWith),
            purpose: self.joined(.purpose)
        )
    }
}
