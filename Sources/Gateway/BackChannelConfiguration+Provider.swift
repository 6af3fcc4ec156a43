package import BackChannel

extension BackChannelConfiguration {
    /// As the operator has configured the provider.
    package init(_ provider: Configuration.ProviderSettings) {
        self.init()
        self.caFile = provider.caFile
        self.caDirectory = provider.caDirectory
        self.timeout = provider.timeout
        self.connectTimeout = min(provider.timeout, .seconds(5))
        self.maximumResponseBytes = provider.maximumResponseBytes
        self.allowPlainHTTP = provider.insecureHTTP
    }
}
