import Pipeline
import Raster
import Store

/// What the pictures of objects are that an export writes: for each edge into its vignettes one picture an object, drawn by the nodes before it;
/// without such an edge, one that is cut from its image.
package struct VignetteSources: Sendable {
    private struct Chain: Sendable {
        var image: Graph.End
        var margin: Int
        var steps: [any VignetteStep] = []
        /// Names and parameters of the steps.
        var state = ""
    }

    private let chains: [Chain]

    /// - Parameter step: takes vignettes, or an image and regions.
    package init(of step: Plan.Step, in plan: Plan) throws(GraphError) {
        let drawn = step.nodeClass.inputs.filter { $0.type == .vignettes }.flatMap { step.sources[$0.name] ?? [] }
        var chains = try drawn.map { end throws(GraphError) in try Self.chain(to: end, in: plan) }
        if chains.isEmpty {
            guard let image = step.source(of: [.image, .gray]) else {
                throw GraphError(problems: ["node \"\(step.name)\" gets neither an image nor vignettes; connect one of them"])
            }
            chains = [Chain(image: image, margin: plan.padding(of: step.source(of: [.regions])))]
        }
        self.chains = chains
    }

    /// As the pipeline's first export of images of this realm cuts them; nil where it has none.
    package init?(showing plan: Plan, realm: String) {
        let exports = plan.steps.filter { step in step.nodeClass.inputs.contains { $0.type == .vignettes } && step.nodeClass.arity == .oneFromMany }
        guard let step = exports.first(where: { $0.realm == realm }) else { return nil }
        do { try self.init(of: step, in: plan) } catch { return nil }
    }

    /// Pictures an object.
    package var count: Int { chains.count }

    /// Whether anything is drawn that depends on the object's shape.
    package var drawsMasks: Bool { chains.contains { !$0.steps.isEmpty } }

    /// Where the pixels of a picture come from.
    package func image(_ rank: Int) -> Graph.End { chains[rank].image }
    package func margin(_ rank: Int) -> Int { chains[rank].margin }
    package func steps(_ rank: Int) -> [any VignetteStep] { chains[rank].steps }

    /// Of two equal states, the same is drawn.
    package func state(_ rank: Int) -> String { chains[rank].state }

    /// Sentences on what cannot be drawn on the pictures of an image.
    package func problems(with image: ImageRecord) -> [String] {
        var sentences: [String] = []
        for step in chains.flatMap(\.steps) {
            if let sentence = step.problem(image: image.name, pixelSize: image.pixelSize), !sentences.contains(sentence) { sentences.append(sentence) }
        }
        return sentences
    }

    /// The pictures of one image's objects, 8 bits a sample, by rank.
    package func vignettes(of image: ImageRecord, pipeline: ProjectPipeline, plan: Plan, context: NodeContext) throws -> [Vignettes] {
        // Of images that the export leaves out, objects are shown as they are in the original.
        let wanted = Set(chains.map(\.image)).filter { plan.has($0, of: image) }
        let values = try pipeline.values(of: image, wanted: wanted, plan: plan, context: context, remembering: false)
        var pixels: [Graph.End: AnyImage] = [:]
        let others = Set(chains.map(\.image)).subtracting(wanted)
        if !others.isEmpty {
            let original = try pipeline.decode(image, context: context).eightBit()
            for end in others { pixels[end] = original }
        }
        return chains.map { chain in
            if pixels[chain.image] == nil {
                switch values[chain.image] {
                case let image as AnyImage: pixels[chain.image] = image.eightBit()
                case let gray as GrayImage: pixels[chain.image] = gray.anyImage.eightBit()
                default: break
                }
            }
            guard let pixels = pixels[chain.image] else { preconditionFailure("\(chain.image) holds no image") }
            return Vignettes(image: pixels, margin: chain.margin, pixelSize: context.source.pixelSizeMicrometres, steps: chain.steps)
        }
    }

    private static func chain(to end: Graph.End, in plan: Plan) throws(GraphError) -> Chain {
        guard let step = plan.step(end.node), let drawing = step.node as? any VignetteNode else {
            throw GraphError(problems: ["\(end) makes no vignettes; take the edge away"])
        }
        var chain: Chain
        if let before = step.source(of: [.vignettes]) {
            chain = try self.chain(to: before, in: plan)
        } else if let image = step.source(of: [.image, .gray]) {
            chain = Chain(image: image, margin: plan.padding(of: step.source(of: [.regions])))
        } else {
            throw GraphError(problems: ["node \"\(step.name)\" gets neither an image nor vignettes; connect one of them"])
        }
        chain.steps.append(drawing)
        chain.state += "\n\(step.nodeClass.kind) \(step.nodeClass.version) \(step.nodeClass.configuration(of: step.node).sorted { $0.key < $1.key })"
        return chain
    }
}

extension Plan.Step {
    /// What feeds the first connected input of one of these types.
    func source(of types: [SlotType]) -> Graph.End? {
        nodeClass.inputs.lazy.filter { types.contains($0.type) }.compactMap { sources[$0.name]?.first }.first
    }
}

extension Plan {
    /// Margin around the objects that come out of `end`, in pixels.
    package func padding(of end: Graph.End?) -> Int {
        guard let end, let step = step(end.node) else { return RegionSet.usualPadding }
        if let node = step.node as? RegionsNode { return node.padding }
        return padding(of: step.source(of: [.regions]))
    }
}
