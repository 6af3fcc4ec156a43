package import NIOCore

extension Configuration {
    /// One place where the gateway listens, and what is spoken there.
    package struct Listener: Sendable, Equatable {
        package enum Place: Sendable, Equatable {
            case address(ListenAddress)
            /// A path in the file system.
            case unix(String)
            /// A socket that the service manager holds open for us, by its name.
            case inherited(String)
        }

        package enum Speech: String, Sendable, CaseIterable {
            case http
            case https
            /// Plain HTTP, answered with the same URL at https.
            case redirect
        }

        package var speech: Speech
        package var place: Place

        package init(_ speech: Speech = .http, on place: Place) {
            self.speech = speech
            self.place = place
        }

        /// `nil` for a socket of the service manager.
        package var address: ListenAddress? {
            switch self.place {
            case .address(let address): address
            case .unix(let path): ListenAddress(unixPath: path)
            case .inherited: nil
            }
        }

        /// Plain HTTP.
        package init(_ address: ListenAddress) {
            self.init(on: address.unixPath.map { .unix($0) } ?? .address(address))
        }
    }

    /// `[tls]`: how the listeners with `https://` shake hands.
    package struct TLS: Sendable {
        /// Where a chain and its key are.
        package struct Pair: Sendable, Equatable {
            package var certificateFile: String
            package var keyFile: String

            package init(certificateFile: String, keyFile: String) {
                self.certificateFile = certificateFile
                self.keyFile = keyFile
            }
        }

        package enum Version: String, Sendable, CaseIterable {
            case tls12 = "1.2"
            case tls13 = "1.3"
        }

        package enum ClientCertificates: String, Sendable, CaseIterable {
            case off
            case optional
            case required
        }

        /// The first is for those who name no host, or one that nobody has a certificate for.
        package var pairs: [Pair] = []
        package var minimumVersion = Version.tls12
        package var clientCertificates = ClientCertificates.off
        package var clientAuthorityFile: String?
        package var checkInterval = TimeAmount.seconds(10)
        /// `max-age` of `Strict-Transport-Security`; zero: not sent.
        package var strictTransportSeconds: Int64 = 0
        /// All of a file. What is wrong with one is a `TLSError`.
        package var readFile: @Sendable (_ path: String) throws(TLSError) -> [UInt8] = { path throws(TLSError) in
            throw TLSError(description: "\(path) cannot be read")
        }

        package init() {}

        /// Whether the same files are used in the same way.
        func isSame(as other: Self) -> Bool {
            self.pairs == other.pairs && self.minimumVersion == other.minimumVersion
                && self.clientCertificates == other.clientCertificates
                && self.clientAuthorityFile == other.clientAuthorityFile
        }
    }
}

extension Configuration.Listener {
    /// As it is written in the configuration.
    package var text: String {
        let place =
            switch self.place {
            case .address(let address) where address.host.utf8.contains(UInt8(ascii: ":")):
                "[\(address.host)]:\(address.port)"
            case .address(let address): "\(address.host):\(address.port)"
            case .unix(let path): "unix:\(path)"
            case .inherited(let name): "systemd:\(name)"
            }
        return self.speech == .http ? place : "\(self.speech.rawValue)://\(place)"
    }
}

extension Configuration.Server {
    /// Where it listens first, for whoever asks for one place: a front proxy, a test.
    package var listen: Configuration.ListenAddress {
        get { self.addresses.first ?? Configuration.ListenAddress(host: "", port: 0) }
        set { self.listeners = [Configuration.Listener(newValue)] }
    }

    /// All places that can collide with others: sockets of the service manager cannot.
    package var addresses: [Configuration.ListenAddress] {
        self.listeners.compactMap(\.address)
    }
}
