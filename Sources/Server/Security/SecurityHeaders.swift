import HTTPTypes

/// Headers that every answer carries.
enum SecurityHeaders {
    /// For pages: only our own embedded files run or are shown, nothing is asked from elsewhere, nobody may frame us.
    static let pagePolicy = """
        default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; font-src 'self'; \
        manifest-src 'self'; worker-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'
        """
    /// For data: nothing may run even if a browser shows it as a page. User files add `sandbox` by themselves.
    static let dataPolicy = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    /// For a person's own files.
    static let filePolicy = "sandbox; default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

    private static let fixed: [(HTTPField.Name, String)] = [
        (.xContentTypeOptions, "nosniff"),
        (HTTPField.Name("Referrer-Policy")!, "no-referrer"),
        (HTTPField.Name("Cross-Origin-Resource-Policy")!, "same-origin"),
        (HTTPField.Name("Cross-Origin-Opener-Policy")!, "same-origin"),
        (HTTPField.Name("X-Frame-Options")!, "DENY"),
        (HTTPField.Name("Permissions-Policy")!, "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ]

    /// Those of an answer that holds data, as lines of its head.
    static let dataLines = fixed.map { "\($0.0.canonicalName): \($0.1)\r\n" }.joined() + "content-security-policy: \(dataPolicy)\r\n"

    static func add(to headers: inout HTTPFields) {
        for (name, value) in fixed { headers[name] = value }
        if headers[.contentSecurityPolicy] == nil {
            headers[.contentSecurityPolicy] = headers[.contentType]?.hasPrefix("text/html") == true ? pagePolicy : dataPolicy
        }
        if headers[.cacheControl] == nil { headers[.cacheControl] = "no-store" }
    }
}
