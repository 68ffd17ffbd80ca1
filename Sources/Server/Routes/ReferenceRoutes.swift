import Crypto
import Foundation
import HTTPTypes
import Hummingbird
import Nodes
import Operations
import Store

/// What the program says about itself, made from its declarations.
struct ReferenceRoutes: RouteGroup {
    let services: Services

    /// The pages' own style and nothing else.
    private static let policy: String = {
        let digest = Data(SHA256.hash(data: Data(ReferencePage.style.utf8))).base64EncodedString()
        return "default-src 'none'; style-src 'sha256-\(digest)'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    }()

    /// A page with its tag; made once.
    private struct Page: Sendable {
        let bytes: [UInt8]
        let etag: String

        init(_ html: String) {
            bytes = Array(html.utf8)
            etag = "\"\(FileDigest.sha256(bytes).prefix(20))\""
        }
    }
    private static let measures = Page(MeasureReference.html())
    private static let nodes = Page(NodeReference.html())

    var routes: [Route] {
        [
            Self.route("/reference/measures", "Every measure with its unit, definition, source and the tool it equals, as a page.") { Self.measures },
            Self.route("/reference/nodes", "Every kind of node with its slots and parameters, as a page.") { Self.nodes },
        ]
    }

    private static func route(_ path: String, _ summary: String, _ page: @escaping @Sendable () -> Page) -> Route {
        Route(.get, path, summary, access: .open, answers: [.bytes(["text/html"], "The page."), .notModified]) { call in
            let page = page()
            var response = Response.bytes(page.bytes, type: "text/html; charset=utf-8", etag: page.etag, cache: "no-cache", call: call)
            response.headers[.contentSecurityPolicy] = policy
            return response
        }
    }
}
