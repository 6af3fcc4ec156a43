package import BackChannel

/// One loop has a worker for each provider. The first one serves the connections; the others know what is different.
extension Worker {
    /// Us, as one provider knows us.
    package struct Party: Sendable {
        package let settings: Settings
        package let provider: ProviderDirectory
        package let backChannel: BackChannel

        package init(settings: Settings, provider: ProviderDirectory, backChannel: BackChannel) {
            self.settings = settings
            self.provider = provider
            self.backChannel = backChannel
        }
    }

    /// The worker for a provider; this one for the first.
    func party(_ index: Int) -> Worker {
        index > 0 && index <= self.others.count ? self.others[index - 1] : self
    }

    /// Those for all providers, this one first.
    var parties: [Worker] { [self] + self.others }

    /// The one for the provider of this name; `nil` when there is none.
    func party(named name: [UInt8]) -> Worker? {
        self.parties.first { $0.settings.configuration.provider.name.utf8.elementsEqual(name) }
    }

    /// What is known of the provider: at once where it is known, and after asking where it is not.
    func withProvider(_ completion: @escaping (Result<ProviderSnapshot, Fault>) -> Void) {
        if let snapshot = self.provider.current { return completion(.success(snapshot)) }
        let directory = self.provider
        self.run {
            try await directory.snapshot()
        } then: { result in
            completion(
                result.mapError { $0 as? Fault ?? .provider("the provider cannot be discovered", detail: "\($0)") }
            )
        }
    }
}
