import Crypto
import Foundation
import HTTPTypes
import Hummingbird
import Operations
import Store

/// What the program says about itself, made from its declarations.
struct ReferenceRoutes: RouteGroup {
    let services: Services

    /// The page's own style and nothing else.
    private static let policy: String = {
        let digest = Data(SHA256.hash(data: Data(MeasureReference.style.utf8))).base64EncodedString()
        return "default-src 'none'; style-src 'sha256-\(digest)'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    }()

    private static let page = Array(MeasureReference.html().utf8)
    private static let etag = "\"\(FileDigest.sha256(page).prefix(20))\""

    var routes: [Route] {
        [
            Route(
                .get, "/reference/measures", "Every measure with its unit, definition, source and the tool it equals, as a page.", access: .open,
                answers: [.bytes(["text/html"], "The page."), .notModified]
            ) { call in
                var response = Response.bytes(Self.page, type: "text/html; charset=utf-8", etag: Self.etag, cache: "no-cache", call: call)
                response.headers[.contentSecurityPolicy] = Self.policy
                return response
            }
        ]
    }
}
