import Pipeline

extension Graph {
    /// What a new project starts with: bright-field frames to measured objects and an EcoTaxa archive.
    package static let standard = Graph(
        nodes: [
            Instance(name: "images", kind: ImportNode.kind),
            Instance(name: "gray", kind: GrayNode.kind),
            Instance(name: "area", kind: RestrictAreaNode.kind),
            Instance(name: "vignetting", kind: VignettingNode.kind),
            Instance(name: "threshold", kind: ThresholdNode.kind),
            Instance(name: "objects", kind: RegionsNode.kind),
            Instance(name: "shape", kind: ShapeNode.kind),
            Instance(name: "graylevels", kind: GrayMeasuresNode.kind),
            Instance(name: "ecotaxa", kind: EcoTaxaExportNode.kind),
        ],
        edges: [
            Edge(from: End("images", "image"), to: End("gray", "image")),
            Edge(from: End("gray", "gray"), to: End("area", "image")),
            Edge(from: End("gray", "gray"), to: End("vignetting", "image")),
            Edge(from: End("area", "area"), to: End("vignetting", "area")),
            Edge(from: End("vignetting", "image"), to: End("threshold", "gray")),
            Edge(from: End("area", "area"), to: End("threshold", "area")),
            Edge(from: End("threshold", "mask"), to: End("objects", "mask")),
            Edge(from: End("area", "area"), to: End("objects", "area")),
            Edge(from: End("objects", "regions"), to: End("shape", "regions")),
            Edge(from: End("objects", "regions"), to: End("graylevels", "regions")),
            Edge(from: End("vignetting", "image"), to: End("graylevels", "gray")),
            Edge(from: End("images", "image"), to: End("ecotaxa", "image")),
            Edge(from: End("objects", "regions"), to: End("ecotaxa", "regions")),
            Edge(from: End("shape", "measurements"), to: End("ecotaxa", "measurements")),
            Edge(from: End("graylevels", "measurements"), to: End("ecotaxa", "measurements")),
        ])
}
