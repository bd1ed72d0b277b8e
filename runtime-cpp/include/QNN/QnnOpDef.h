#pragma once

// Names of the built-in ops, their parameters, and the values of their enumerated parameters: only
// the ops that the lowering of RWKV models may use. Signatures, dtypes and limits per backend are
// data of the compiler's op-definition table.

// Goes into Qnn_OpConfigV1_t::packageName.
#define QNN_OP_PACKAGE_NAME_QTI_AISW "qti.aisw"

// ------------------------------------------------------------------------------------- Linear maps

#define QNN_OP_CONV_1D "Conv1d"
#define QNN_OP_CONV_1D_PARAM_STRIDE "stride"
#define QNN_OP_CONV_1D_PARAM_PAD_AMOUNT "pad_amount"
#define QNN_OP_CONV_1D_PARAM_GROUP "group"
#define QNN_OP_CONV_1D_PARAM_DILATION "dilation"

#define QNN_OP_CONV_2D "Conv2d"
#define QNN_OP_CONV_2D_PARAM_STRIDE "stride"
#define QNN_OP_CONV_2D_PARAM_PAD_AMOUNT "pad_amount"
#define QNN_OP_CONV_2D_PARAM_GROUP "group"
#define QNN_OP_CONV_2D_PARAM_DILATION "dilation"

#define QNN_OP_DEPTH_WISE_CONV_1D "DepthWiseConv1d"
#define QNN_OP_DEPTH_WISE_CONV_1D_PARAM_STRIDE "stride"
#define QNN_OP_DEPTH_WISE_CONV_1D_PARAM_PAD_AMOUNT "pad_amount"
#define QNN_OP_DEPTH_WISE_CONV_1D_PARAM_DILATION "dilation"

#define QNN_OP_DEPTH_WISE_CONV_2D "DepthWiseConv2d"
#define QNN_OP_DEPTH_WISE_CONV_2D_PARAM_STRIDE "stride"
#define QNN_OP_DEPTH_WISE_CONV_2D_PARAM_PAD_AMOUNT "pad_amount"
#define QNN_OP_DEPTH_WISE_CONV_2D_PARAM_DILATION "dilation"

#define QNN_OP_FULLY_CONNECTED "FullyConnected"
#define QNN_OP_FULLY_CONNECTED_PARAM_KEEP_DIMS "keep_dims"

#define QNN_OP_MAT_MUL "MatMul"
#define QNN_OP_MAT_MUL_PARAM_TRANSPOSE_IN0 "transpose_in0"
#define QNN_OP_MAT_MUL_PARAM_TRANSPOSE_IN1 "transpose_in1"

// ----------------------------------------------------------------------------------- Normalization

#define QNN_OP_SOFTMAX "Softmax"
#define QNN_OP_SOFTMAX_PARAM_AXIS "axis"
#define QNN_OP_SOFTMAX_PARAM_BETA "beta"

#define QNN_OP_LOG_SOFTMAX "LogSoftmax"
#define QNN_OP_LOG_SOFTMAX_PARAM_AXIS "axis"
#define QNN_OP_LOG_SOFTMAX_PARAM_BETA "beta"

#define QNN_OP_MASKED_SOFTMAX "MaskedSoftmax"
#define QNN_OP_MASKED_SOFTMAX_PARAM_MODE "mode"
#define QNN_OP_MASKED_SOFTMAX_MODE_UNCOMPRESSED 0
#define QNN_OP_MASKED_SOFTMAX_MODE_COMPRESSED 1

#define QNN_OP_LAYER_NORM "LayerNorm"
#define QNN_OP_LAYER_NORM_PARAM_EPSILON "epsilon"
#define QNN_OP_LAYER_NORM_PARAM_AXES "axes"

#define QNN_OP_RMS_NORM "RmsNorm"
#define QNN_OP_RMS_NORM_PARAM_EPSILON "epsilon"
#define QNN_OP_RMS_NORM_PARAM_AXES "axes"

#define QNN_OP_GROUP_NORM "GroupNorm"
#define QNN_OP_GROUP_NORM_PARAM_EPSILON "epsilon"
#define QNN_OP_GROUP_NORM_PARAM_GROUP "group"

#define QNN_OP_INSTANCE_NORM "InstanceNorm"
#define QNN_OP_INSTANCE_NORM_PARAM_EPSILON "epsilon"
#define QNN_OP_INSTANCE_NORM_PARAM_MODE "mode"
#define QNN_OP_INSTANCE_NORM_MODE_MU_SIGMA 0
#define QNN_OP_INSTANCE_NORM_MODE_RMS 1
#define QNN_OP_INSTANCE_NORM_PARAM_NORMALIZE_VARIANCE "normalize_variance"
#define QNN_OP_INSTANCE_NORM_PARAM_REGION "region"
#define QNN_OP_INSTANCE_NORM_REGION_ACROSS_SPATIAL 0
#define QNN_OP_INSTANCE_NORM_REGION_ACROSS_CHANNEL 1
#define QNN_OP_INSTANCE_NORM_REGION_ACROSS_ALL 2

#define QNN_OP_L2_NORM "L2Norm"
#define QNN_OP_L2_NORM_PARAM_AXIS "axis"
#define QNN_OP_L2_NORM_PARAM_AXES "axes"
#define QNN_OP_L2_NORM_PARAM_EPSILON "epsilon"

#define QNN_OP_BATCHNORM "Batchnorm"

// ------------------------------------------------------------------------------------- Activations

#define QNN_OP_ELEMENT_WISE_NEURON "ElementWiseNeuron"
#define QNN_OP_ELEMENT_WISE_NEURON_PARAM_OPERATION "operation"
#define QNN_OP_ELEMENT_WISE_NEURON_OPERATION_ELU 0
#define QNN_OP_ELEMENT_WISE_NEURON_OPERATION_GELU 1
#define QNN_OP_ELEMENT_WISE_NEURON_OPERATION_HARD_SIGMOID 2
#define QNN_OP_ELEMENT_WISE_NEURON_OPERATION_HARD_SWISH 3
#define QNN_OP_ELEMENT_WISE_NEURON_OPERATION_RELU 4
#define QNN_OP_ELEMENT_WISE_NEURON_OPERATION_RELU_MIN_MAX 5
#define QNN_OP_ELEMENT_WISE_NEURON_OPERATION_SIGMOID 6
#define QNN_OP_ELEMENT_WISE_NEURON_OPERATION_SOFTPLUS 7
#define QNN_OP_ELEMENT_WISE_NEURON_OPERATION_TANH 8
#define QNN_OP_ELEMENT_WISE_NEURON_PARAM_ALPHA "alpha"
#define QNN_OP_ELEMENT_WISE_NEURON_PARAM_BETA "beta"
#define QNN_OP_ELEMENT_WISE_NEURON_PARAM_MIN_VALUE "min_value"
#define QNN_OP_ELEMENT_WISE_NEURON_PARAM_MAX_VALUE "max_value"
#define QNN_OP_ELEMENT_WISE_NEURON_PARAM_THRESHOLD "threshold"

#define QNN_OP_ELEMENT_WISE_SOFTPLUS "ElementWiseSoftplus"
#define QNN_OP_ELEMENT_WISE_SOFTPLUS_PARAM_BETA "beta"
#define QNN_OP_ELEMENT_WISE_SOFTPLUS_PARAM_THRESHOLD "threshold"

#define QNN_OP_RELU "Relu"
#define QNN_OP_RELU6 "Relu6"
#define QNN_OP_RELU_MIN_MAX "ReluMinMax"
#define QNN_OP_RELU_MIN_MAX_PARAM_MIN_VALUE "min_value"
#define QNN_OP_RELU_MIN_MAX_PARAM_MAX_VALUE "max_value"

#define QNN_OP_PRELU "Prelu"
#define QNN_OP_SIGMOID "Sigmoid"
#define QNN_OP_TANH "Tanh"
#define QNN_OP_ELU "Elu"
#define QNN_OP_ELU_PARAM_ALPHA "alpha"

#define QNN_OP_GELU "Gelu"
#define QNN_OP_HARD_SWISH "HardSwish"

// ------------------------------------------------------------------------------------ Element-wise

#define QNN_OP_ELEMENT_WISE_ADD "ElementWiseAdd"
#define QNN_OP_ELEMENT_WISE_SUBTRACT "ElementWiseSubtract"
#define QNN_OP_ELEMENT_WISE_MULTIPLY "ElementWiseMultiply"
#define QNN_OP_ELEMENT_WISE_DIVIDE "ElementWiseDivide"
#define QNN_OP_ELEMENT_WISE_MAXIMUM "ElementWiseMaximum"
#define QNN_OP_ELEMENT_WISE_MINIMUM "ElementWiseMinimum"
#define QNN_OP_ELEMENT_WISE_POWER "ElementWisePower"
#define QNN_OP_ELEMENT_WISE_SQUARED_DIFFERENCE "ElementWiseSquaredDifference"
#define QNN_OP_ELEMENT_WISE_BINARY "ElementWiseBinary"
#define QNN_OP_ELEMENT_WISE_BINARY_PARAM_OPERATION "operation"
#define QNN_OP_ELEMENT_WISE_BINARY_OPERATION_ADD 0
#define QNN_OP_ELEMENT_WISE_BINARY_OPERATION_AND 1
#define QNN_OP_ELEMENT_WISE_BINARY_OPERATION_DIVIDE 2
#define QNN_OP_ELEMENT_WISE_BINARY_OPERATION_EQUAL 3
#define QNN_OP_ELEMENT_WISE_BINARY_OPERATION_FLOOR_DIV 4
#define QNN_OP_ELEMENT_WISE_BINARY_OPERATION_FMOD 5
#define QNN_OP_ELEMENT_WISE_BINARY_OPERATION_GREATER 6
#define QNN_OP_ELEMENT_WISE_BINARY_OPERATION_GREATER_EQUAL 7
#define QNN_OP_ELEMENT_WISE_BINARY_OPERATION_LESS 8
#define QNN_OP_ELEMENT_WISE_BINARY_OPERATION_LESS_EQUAL 9
#define QNN_OP_ELEMENT_WISE_BINARY_OPERATION_MAXIMUM 10
#define QNN_OP_ELEMENT_WISE_BINARY_OPERATION_MINIMUM 11
#define QNN_OP_ELEMENT_WISE_BINARY_OPERATION_MOD 12
#define QNN_OP_ELEMENT_WISE_BINARY_OPERATION_MULTIPLY 13
#define QNN_OP_ELEMENT_WISE_BINARY_OPERATION_NOT_EQUAL 14
#define QNN_OP_ELEMENT_WISE_BINARY_OPERATION_OR 15
#define QNN_OP_ELEMENT_WISE_BINARY_OPERATION_POWER 16
#define QNN_OP_ELEMENT_WISE_BINARY_OPERATION_SQUARED_DIFFERENCE 17
#define QNN_OP_ELEMENT_WISE_BINARY_OPERATION_SUBTRACT 18
#define QNN_OP_ELEMENT_WISE_BINARY_OPERATION_XOR 19

#define QNN_OP_ELEMENT_WISE_UNARY "ElementWiseUnary"
#define QNN_OP_ELEMENT_WISE_UNARY_PARAM_OPERATION "operation"
#define QNN_OP_ELEMENT_WISE_UNARY_OPERATION_ABS 0
#define QNN_OP_ELEMENT_WISE_UNARY_OPERATION_ASIN 1
#define QNN_OP_ELEMENT_WISE_UNARY_OPERATION_ATAN 2
#define QNN_OP_ELEMENT_WISE_UNARY_OPERATION_CEIL 3
#define QNN_OP_ELEMENT_WISE_UNARY_OPERATION_COS 4
#define QNN_OP_ELEMENT_WISE_UNARY_OPERATION_EXP 5
#define QNN_OP_ELEMENT_WISE_UNARY_OPERATION_FLOOR 6
#define QNN_OP_ELEMENT_WISE_UNARY_OPERATION_LOG 7
#define QNN_OP_ELEMENT_WISE_UNARY_OPERATION_NEG 8
#define QNN_OP_ELEMENT_WISE_UNARY_OPERATION_NOT 9
#define QNN_OP_ELEMENT_WISE_UNARY_OPERATION_RECIPROCAL 10
#define QNN_OP_ELEMENT_WISE_UNARY_OPERATION_ROUND 11
#define QNN_OP_ELEMENT_WISE_UNARY_OPERATION_RSQRT 12
#define QNN_OP_ELEMENT_WISE_UNARY_OPERATION_SIGN 13
#define QNN_OP_ELEMENT_WISE_UNARY_OPERATION_SIN 14
#define QNN_OP_ELEMENT_WISE_UNARY_OPERATION_SQRT 15

#define QNN_OP_ELEMENT_WISE_EXP "ElementWiseExp"
#define QNN_OP_ELEMENT_WISE_NEG "ElementWiseNeg"
#define QNN_OP_ELEMENT_WISE_SQUARE_ROOT "ElementWiseSquareRoot"
#define QNN_OP_ELEMENT_WISE_RSQRT "ElementWiseRsqrt"
#define QNN_OP_ELEMENT_WISE_LOG "ElementWiseLog"
#define QNN_OP_ELEMENT_WISE_ABS "ElementWiseAbs"
#define QNN_OP_ELEMENT_WISE_FLOOR "ElementWiseFloor"
#define QNN_OP_ELEMENT_WISE_ROUND "ElementWiseRound"
#define QNN_OP_ELEMENT_WISE_SELECT "ElementWiseSelect"
#define QNN_OP_ELEMENT_WISE_GREATER "ElementWiseGreater"
#define QNN_OP_ELEMENT_WISE_GREATER_EQUAL "ElementWiseGreaterEqual"
#define QNN_OP_ELEMENT_WISE_LESS "ElementWiseLess"
#define QNN_OP_ELEMENT_WISE_LESS_EQUAL "ElementWiseLessEqual"
#define QNN_OP_ELEMENT_WISE_EQUAL "ElementWiseEqual"
#define QNN_OP_ELEMENT_WISE_NOT_EQUAL "ElementWiseNotEqual"
#define QNN_OP_ELEMENT_WISE_AND "ElementWiseAnd"
#define QNN_OP_ELEMENT_WISE_OR "ElementWiseOr"
#define QNN_OP_ELEMENT_WISE_NOT "ElementWiseNot"
#define QNN_OP_ELEMENT_WISE_XOR "ElementWiseXor"
#define QNN_OP_ELEMENT_WISE_SIGN "ElementWiseSign"
#define QNN_OP_ELEMENT_WISE_MOD "ElementWiseMod"
#define QNN_OP_ELEMENT_WISE_FMOD "ElementWiseFmod"
#define QNN_OP_ELEMENT_WISE_FLOOR_DIV "ElementWiseFloorDiv"
#define QNN_OP_ELEMENT_WISE_SIN "ElementWiseSin"
#define QNN_OP_ELEMENT_WISE_COS "ElementWiseCos"

// -------------------------------------------------------------------------------------- Reductions

#define QNN_OP_REDUCE_SUM "ReduceSum"
#define QNN_OP_REDUCE_SUM_PARAM_AXES "axes"
#define QNN_OP_REDUCE_SUM_PARAM_KEEP_DIMS "keep_dims"

#define QNN_OP_REDUCE_MEAN "ReduceMean"
#define QNN_OP_REDUCE_MEAN_PARAM_AXES "axes"
#define QNN_OP_REDUCE_MEAN_PARAM_KEEP_DIMS "keep_dims"

#define QNN_OP_REDUCE_MAX "ReduceMax"
#define QNN_OP_REDUCE_MAX_PARAM_AXES "axes"
#define QNN_OP_REDUCE_MAX_PARAM_KEEP_DIMS "keep_dims"

#define QNN_OP_REDUCE_MIN "ReduceMin"
#define QNN_OP_REDUCE_MIN_PARAM_AXES "axes"
#define QNN_OP_REDUCE_MIN_PARAM_KEEP_DIMS "keep_dims"

#define QNN_OP_REDUCE_PROD "ReduceProd"
#define QNN_OP_REDUCE_PROD_PARAM_AXES "axes"
#define QNN_OP_REDUCE_PROD_PARAM_KEEP_DIMS "keep_dims"

#define QNN_OP_REDUCE_SUM_SQUARE "ReduceSumSquare"
#define QNN_OP_REDUCE_SUM_SQUARE_PARAM_AXES "axes"
#define QNN_OP_REDUCE_SUM_SQUARE_PARAM_KEEP_DIMS "keep_dims"

#define QNN_OP_CUMULATIVE_SUM "CumulativeSum"
#define QNN_OP_CUMULATIVE_SUM_PARAM_AXIS "axis"
#define QNN_OP_CUMULATIVE_SUM_PARAM_EXCLUSIVE "exclusive"
#define QNN_OP_CUMULATIVE_SUM_PARAM_REVERSE "reverse"

#define QNN_OP_TOP_K "TopK"
#define QNN_OP_TOP_K_PARAM_K "k"
#define QNN_OP_TOP_K_PARAM_LARGEST "largest"

#define QNN_OP_ARGMAX "Argmax"
#define QNN_OP_ARGMAX_PARAM_AXIS "axis"
#define QNN_OP_ARGMAX_PARAM_KEEP_DIMS "keep_dims"

#define QNN_OP_ARGMIN "Argmin"
#define QNN_OP_ARGMIN_PARAM_AXIS "axis"
#define QNN_OP_ARGMIN_PARAM_KEEP_DIMS "keep_dims"

// ------------------------------------------------------------------------------------------- Types

#define QNN_OP_CAST "Cast"
#define QNN_OP_CONVERT "Convert"
#define QNN_OP_CONVERT_PARAM_DYNAMIC_INPUT_DATA "dynamic_input_data"
#define QNN_OP_CONVERT_PARAM_DYNAMIC_OUTPUT_DATA "dynamic_output_data"

#define QNN_OP_QUANTIZE "Quantize"
#define QNN_OP_DEQUANTIZE "Dequantize"

// ------------------------------------------------------------------------- Shape and data movement

#define QNN_OP_RESHAPE "Reshape"
#define QNN_OP_TRANSPOSE "Transpose"
#define QNN_OP_TRANSPOSE_PARAM_PERM "perm"

#define QNN_OP_SPLIT "Split"
#define QNN_OP_SPLIT_PARAM_AXIS "axis"
#define QNN_OP_SPLIT_PARAM_SPLIT_INDEX "split_index"

#define QNN_OP_CONCAT "Concat"
#define QNN_OP_CONCAT_PARAM_AXIS "axis"

#define QNN_OP_PACK "Pack"
#define QNN_OP_PACK_PARAM_AXIS "axis"

#define QNN_OP_UN_PACK "UnPack"
#define QNN_OP_UN_PACK_PARAM_AXIS "axis"

#define QNN_OP_GATHER "Gather"
#define QNN_OP_GATHER_PARAM_AXIS "axis"

#define QNN_OP_GATHER_ND "GatherNd"
#define QNN_OP_GATHER_ND_PARAM_BATCH_DIMS "batch_dims"

#define QNN_OP_GATHER_ELEMENTS "GatherElements"
#define QNN_OP_GATHER_ELEMENTS_PARAM_AXIS "axis"

#define QNN_OP_STRIDED_SLICE "StridedSlice"
#define QNN_OP_STRIDED_SLICE_PARAM_RANGES "ranges"
#define QNN_OP_STRIDED_SLICE_PARAM_BEGIN_MASK "begin_mask"
#define QNN_OP_STRIDED_SLICE_PARAM_END_MASK "end_mask"
#define QNN_OP_STRIDED_SLICE_PARAM_SHRINK_AXES "shrink_axes"
#define QNN_OP_STRIDED_SLICE_PARAM_NEW_AXES_MASK "new_axes_mask"

#define QNN_OP_TILE "Tile"
#define QNN_OP_TILE_PARAM_MULTIPLES "multiples"

#define QNN_OP_EXPAND_DIMS "ExpandDims"
#define QNN_OP_EXPAND_DIMS_PARAM_AXIS "axis"

#define QNN_OP_SQUEEZE "Squeeze"
#define QNN_OP_PAD "Pad"
#define QNN_OP_PAD_PARAM_SCHEME "scheme"
#define QNN_OP_PAD_SCHEME_CONSTANT 0
#define QNN_OP_PAD_SCHEME_MIRROR_SYMMETRIC 1
#define QNN_OP_PAD_SCHEME_MIRROR_REFLECT 2
#define QNN_OP_PAD_SCHEME_EDGE 3
#define QNN_OP_PAD_PARAM_PAD_AMOUNT "pad_amount"
#define QNN_OP_PAD_PARAM_PAD_CONSTANT_VALUE "pad_constant_value"

#define QNN_OP_ONE_HOT "OneHot"
#define QNN_OP_ONE_HOT_PARAM_DEPTH "depth"
#define QNN_OP_ONE_HOT_PARAM_AXIS "axis"
#define QNN_OP_ONE_HOT_PARAM_ON_VALUE "on_value"
#define QNN_OP_ONE_HOT_PARAM_OFF_VALUE "off_value"

#define QNN_OP_SCATTER_ND "ScatterNd"
#define QNN_OP_SCATTER_ND_PARAM_REDUCTION "reduction"
#define QNN_OP_SCATTER_ND_REDUCTION_NONE 0
#define QNN_OP_SCATTER_ND_REDUCTION_ADD 1
#define QNN_OP_SCATTER_ND_REDUCTION_MUL 2

#define QNN_OP_SCATTER_ELEMENTS "ScatterElements"
#define QNN_OP_SCATTER_ELEMENTS_PARAM_AXIS "axis"
#define QNN_OP_SCATTER_ELEMENTS_PARAM_REDUCTION "reduction"
#define QNN_OP_SCATTER_ELEMENTS_REDUCTION_NONE 0
#define QNN_OP_SCATTER_ELEMENTS_REDUCTION_ADD 1
#define QNN_OP_SCATTER_ELEMENTS_REDUCTION_MUL 2

#define QNN_OP_SHAPE "Shape"
#define QNN_OP_SHAPE_PARAM_START "start"
#define QNN_OP_SHAPE_PARAM_END "end"

#define QNN_OP_CONSTANT_OF_SHAPE "ConstantOfShape"
#define QNN_OP_CONSTANT_OF_SHAPE_PARAM_VALUE "value"

#define QNN_OP_NON_ZERO "NonZero"
