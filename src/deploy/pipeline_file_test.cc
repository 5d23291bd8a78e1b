#include "deploy/pipeline_file.h"

#include <gtest/gtest.h>

namespace mayfly::deploy {
namespace {

TEST(PipelineFile, IsKnownByItsStages) {
  for (const auto* is : {"stages = [\"a\"]", "# what\n\n  stages=[]", "name = \"n\"\r\nstages\t= 1"}) {
    EXPECT_TRUE(is_pipeline_file(is)) << is;
  }
  for (const auto* is_not : {"", "stages", "stagesx = 1", "x stages = 1", "(module)\nstages = 1"}) {
    EXPECT_FALSE(is_pipeline_file(is_not)) << is_not;
  }
  const std::string padded = "stages = []" + std::string(kPipelineFileBytes, ' ');
  EXPECT_TRUE(is_pipeline_file(padded.substr(0, kPipelineFileBytes)));
  EXPECT_FALSE(is_pipeline_file(padded.substr(0, kPipelineFileBytes + 1)));
}

TEST(PipelineFile, HasStagesAndOptions) {
  const auto read = parse_pipeline_file("stages = [\"a\", \"b\"]\ntiming = true");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->stages, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(read->options.size(), 1u);
}

TEST(PipelineFile, ReadsWhatIsWritten) {
  const std::vector<std::string> stages = {"a", "quote\"d", "back\\slash"};
  const auto read = parse_pipeline_file(pipeline_file(stages));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->stages, stages);
}

TEST(PipelineFile, SaysWhatItCannotHave) {
  for (const auto& [text, why] : {std::pair{"stages = []", "is empty"},
                                  {"stages = [\"a\"]\nmodule = \"m\"", "`module`"},
                                  {"stages = [\"a\"]\nfiles = [\"m\"]", "`files`"},
                                  {"stages = [", "pipeline:1:"}}) {
    const auto read = parse_pipeline_file(text);
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().code, ErrorCode::kBadPipeline);
    EXPECT_NE(read.error().message.find(why), std::string::npos) << read.error().message;
  }
}

}  // namespace
}  // namespace mayfly::deploy
