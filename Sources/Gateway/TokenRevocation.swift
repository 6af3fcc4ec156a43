import Access
import BackChannel
import Logging
import OpenIDConnect

/// Ends refresh tokens at the provider. Logto lets offline grants survive its own sign-out, so this is ours to do.
struct TokenRevocation: Sendable {
    let directory: ProviderDirectory
    let backChannel: BackChannel
    let client: Client
    let logger: Logger

    /// What fails here is for the log: the session is over, whatever comes of its token.
    func revoke(_ tokens: [String]) async {
        guard !tokens.isEmpty else { return }
        do throws(Fault) {
            guard let endpoint = try await self.directory.snapshot().provider.revocationEndpoint else { return }
            for token in tokens {
                let request = TokenRequest.revocation(token, hint: .refreshToken, client: self.client)
                _ = try await self.backChannel.post(request, to: endpoint)
            }
        } catch {
            self.logger.warning(
                "a refresh token could not be revoked",
                metadata: ["error": "\(error.detail ?? error.reason)"]
            )
        }
    }
}

extension Worker {
    /// Ends refresh tokens at this worker's provider. Not waited for.
    func revoke(_ tokens: [String]) {
        guard !tokens.isEmpty else { return }
        let revocation = self.revocation
        self.run {
            await revocation.revoke(tokens)
        } then: { _ in
        }
    }
}

extension Session {
    /// Whether this session and that of somebody whose session at the provider has this name may hang on one grant there.
    /// Logto gives a second sign-in of one session the grant of the first, and who revokes a token ends its whole grant.
    func mayShareGrant(withProviderSession other: String?) -> Bool {
        guard let own = self.providerSessionID, let other else { return true }
        return own.isExactly(other)
    }
}
