import Access
import Gateway

/// The annotations of ingress-nginx and the middleware of Traefik. Deployments are not printed: see deploy/kubernetes.
enum KubernetesFront {
    static func text(_ setup: FrontSetup) -> String {
        FrontSetup.heading(
            "kubernetes",
            [
                "For a gateway that is reachable as the service \"gatehouse\" in the namespace \"default\". Its",
                "server.trusted_proxies must list the pods of the ingress controller. The service \"application\" is yours.",
                "ingress-nginx removes only the fields in auth-response-headers. The gateway refuses requests with fields of an",
                "identity that no front removes by name (400), but those that the other fronts printed here remove reach the",
                "application: let it believe the fields below and no others, or send its requests through the gateway.",
                "Written from the documentation of ingress-nginx and Traefik; Traefik's part is what `emit traefik` prints.",
            ]
        ) + setup.hosts.map { self.ingresses($0, setup) }.joined() + self.middleware(setup)
    }

    private static func ingresses(_ host: FrontSetup.Host, _ setup: FrontSetup) -> String {
        let fields = (["Cookie"] + setup.answeredNames).joined(separator: ",")
        let signIn = "\(setup.scheme)://\(host.authority.text)\(setup.signIn)?rd=$escaped_request_uri"
        let tls =
            setup.isTLS
            ? "  tls:\n    - hosts: [\(host.authority.host)]\n      secretName: \(host.identifier)-tls\n" : ""
        let port = setup.gateway.port
        let paths = [(path: setup.prefix, type: "Prefix")] + setup.otherEndpoints.map { (path: $0, type: "Exact") }
        // For fronts alone: a browser that asks them is asked about, and refused.
        let checks =
            setup.checkPaths.exact.map { self.path($0, "Exact", service: "application", port: 80) }
            + [self.path(String(setup.checkPaths.below.dropLast()), "Prefix", service: "application", port: 80)]
        return """
            # The gateway's own endpoints: sign-in, callback, sign-out. No annotation may protect these.
            apiVersion: networking.k8s.io/v1
            kind: Ingress
            metadata:
              name: \(host.identifier)-gatehouse
            spec:
              ingressClassName: nginx
            \(tls)  rules:
                - host: \(host.authority.host)
                  http:
                    paths:
            \(paths.map { self.path($0.path, $0.type, service: "gatehouse", port: port) }.joined())---
            # ingress-nginx asks the gateway, and sets or removes each of these fields.
            apiVersion: networking.k8s.io/v1
            kind: Ingress
            metadata:
              name: \(host.identifier)-application
              annotations:
                nginx.ingress.kubernetes.io/auth-url: "http://gatehouse.default.svc.cluster.local:\(setup.checks.port)\(setup.prefix)/check"
                nginx.ingress.kubernetes.io/auth-signin: "\(signIn)"
                nginx.ingress.kubernetes.io/auth-signin-redirect-param: rd
                nginx.ingress.kubernetes.io/auth-response-headers: "\(fields)"
                nginx.ingress.kubernetes.io/proxy-buffer-size: 64k
            spec:
              ingressClassName: nginx
            \(tls)  rules:
                - host: \(host.authority.host)
                  http:
                    paths:
            \(self.path("/", "Prefix", service: "application", port: 80))\(checks.joined())---

            """
    }

    private static func path(_ path: String, _ type: String, service: String, port: Int) -> String {
        """
                  - path: \(path)
                    pathType: \(type)
                    backend: { service: { name: \(service), port: { number: \(port) } } }

        """
    }

    private static func middleware(_ setup: FrontSetup) -> String {
        """
        # Traefik: both middlewares, in this order, on the application's routes and on nothing else. The entry point needs
        # underscoreHeadersStrategy: reject (Traefik 3.7).
        apiVersion: traefik.io/v1alpha1
        kind: Middleware
        metadata:
          name: gatehouse-strip
        spec:
          headers:
            customRequestHeaders:
        \(TraefikFront.strippedNames(setup).map { "      \($0): \"\"" }.joined(separator: "\n"))
        ---
        apiVersion: traefik.io/v1alpha1
        kind: Middleware
        metadata:
          name: gatehouse-check
        spec:
          forwardAuth:
            address: "http://gatehouse:\(setup.checks.port)\(setup.prefix)/forward-auth"
            authResponseHeaders:
              - Cookie
        \(setup.answeredNames.map { "      - \($0)" }.joined(separator: "\n"))

        """
    }
}
