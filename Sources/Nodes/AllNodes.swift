import Pipeline

/// Every node class of `ship`, in the order in which lists show them.
package enum AllNodes {
    package static let classes: [NodeClass] = [
        NodeClass(ImportNode.self),
        NodeClass(ImportMasksNode.self),
        NodeClass(ImportEcoTaxaNode.self),
        NodeClass(FileNameNode.self),
        NodeClass(EXIFNode.self),
        NodeClass(GrayNode.self),
        NodeClass(RestrictAreaNode.self),
        NodeClass(VignettingNode.self),
        NodeClass(BackgroundNode.self),
        NodeClass(ChainNode.self),
        NodeClass(StitchNode.self),
        NodeClass(ThresholdNode.self),
        NodeClass(ModelNode.self),
        NodeClass(SegmentImportNode.self),
        NodeClass(RegionsNode.self),
        NodeClass(RegionFilterNode.self),
        NodeClass(ShapeNode.self),
        NodeClass(GrayMeasuresNode.self),
        NodeClass(ZooProcessNode.self),
        NodeClass(ColorNode.self),
        NodeClass(TextureNode.self),
        NodeClass(VignetteFadeNode.self),
        NodeClass(VignetteContourNode.self),
        NodeClass(VignetteMaskNode.self),
        NodeClass(VignetteScaleBarNode.self),
        NodeClass(EcoTaxaExportNode.self),
        NodeClass(TableExportNode.self),
        NodeClass(ImagesExportNode.self),
        NodeClass(COCOExportNode.self),
        NodeClass(GeoJSONExportNode.self),
        NodeClass(LabelsExportNode.self),
    ]

    package static func named(_ kind: String) -> NodeClass? { classes.first { $0.kind == kind } }
}
