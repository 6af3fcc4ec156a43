import Synchronization

/// What the workers share under one configuration, or begin with a copy of. None of it changes but for what is known of
/// the providers.
struct Site: Sendable {
    /// One for each provider.
    let parties: [Worker.Party]

    /// - Parameter parties: at least one.
    init(_ parties: [Worker.Party]) {
        self.parties = parties
    }

    /// The first one's, which count for all.
    var settings: Settings { self.parties[0].settings }
}

/// The site of the configuration in force, for whoever belongs to no worker.
final class CurrentSite: Sendable {
    private let current: Mutex<Site>

    init(_ site: Site) {
        self.current = Mutex(site)
    }

    var value: Site { self.current.withLock { $0 } }

    func replace(with site: Site) {
        self.current.withLock { $0 = site }
    }
}
