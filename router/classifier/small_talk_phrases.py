"""The phrases that small talk is made of, by kind; in lower case, without signs."""

from __future__ import annotations

PHRASES = {
    "greeting": (
        "hi|hey|hello|helo|hullo|hiya|howdy|yo|heya|greetings|gm|good morning|good afternoon|"
        "good evening|good day|morning|afternoon|evening|sup|what's up|whats up|wassup|"
        "how are you|how are you doing|how's it going|hows it going|how is it going|"
        "how do you do|how r u|how are things|how's your day|how is your day|"
        "how was your weekend|nice to meet you|pleased to meet you|welcome|hello world|"
        "are you there|are you here|are you awake|are you online|anyone there|anybody there|"
        "is anyone there|is anybody there|you there|can you hear me|do you hear me|test|testing|"
        "ping|just testing|hallo|moin|servus|guten morgen|guten tag|guten abend|bonjour|salut|"
        "hola|buenos dias|ciao|namaste|happy monday|happy tuesday|happy wednesday|happy thursday|"
        "happy friday|happy new year|こんにちは|おはよう"
    ),
    "thanks": (
        "thanks|thank you|thank u|thankyou|thnks|thanx|thx|tnx|thks|ty|tysm|tks|cheers|ta|"
        "thanks a lot|thanks a bunch|thanks a million|thanks a ton|thank you kindly|many thanks|"
        "much appreciated|appreciated|appreciate it|i appreciate it|i appreciate that|"
        "i appreciate your help|much obliged|bless you|kudos|great job|good job|nice job|"
        "well done|good work|great work|nice work|good bot|nice bot|best bot|clever bot|"
        "great bot|i love you|love you|love it|love this|i love it|i love this|i like you|"
        "you rock|you rule|you saved me|you saved my day|you made my day|you are the best|"
        "you're the best|lifesaver|you are a star|you're a star|helpful|smart|clever|so kind|"
        "very kind|amazing|awesome|brilliant|fantastic|wonderful|impressive|that was great|"
        "that was helpful|was a great help|was a big help|for your help|for the help|for helping|"
        "for that|for this|for everything|for the info|for the answer|for the quick answer|danke|"
        "vielen dank|danke schön|merci|merci beaucoup|gracias|muchas gracias|grazie|ありがとう"
    ),
    "acknowledgement": (
        "ok|okay|okey|oki|okie|k|kk|alright|all right|right|cool|nice|great|perfect|excellent|"
        "good|fine|super|neat|sweet|lovely|sure|sure thing|got it|gotcha|i got it|understood|"
        "i understand|noted|roger|roger that|copy that|makes sense|that makes sense|i see|"
        "sounds good|sounds great|looks good|lgtm|nice one|good one|fair enough|that works|"
        "works for me|that helps|that helped|this helps|this helped|good to know|interesting|"
        "exactly|indeed|agreed|will do|i will|done|no problem|no worries|np|okey dokey|"
        "not a problem|never mind|nevermind|nvm|forget it|forget about it|all good|i'm good|"
        "im good|lol|lmao|rofl|haha|hahaha|hehe|wow|whoa|oh|ah|aha|ooh|hm|hmm|yay|hooray|woohoo|"
        "+1|yep|yup|yeah|as expected|that's it|that is it|that's all|that is all|problem solved|"
        "solved|not bad|too bad"
    ),
    "farewell": (
        "bye|bye bye|goodbye|good bye|good night|gn|see you|see ya|cya|see you later|"
        "see you soon|later|ttyl|talk to you later|talk later|until then|take care|"
        "have a nice day|have a good day|have a great day|have a good one|have a nice weekend|"
        "have a good weekend|have a great weekend|have a nice evening|have a good evening|"
        "nice weekend|good weekend|enjoy your weekend|enjoy your day|tschüss|au revoir|adios"
    ),
    "complaint": (
        "useless|stupid|dumb|idiot|idiotic|moron|fool|worthless|hopeless|pathetic|terrible|awful|"
        "horrible|rubbish|garbage|trash|crap|crappy|shit|shitty|bullshit|nonsense|annoying|"
        "clueless|you are a joke|you're a joke|what a joke|a disgrace|a waste of time|"
        "waste of time|no help|of no help|no use|not helpful|unhelpful|not useful|wrong|"
        "all wrong|incorrect|not correct|not right|not true|not smart|not clever|bad bot|"
        "worst bot|stupid bot|the worst|worst|so bad|you are bad|dammit|damn it|ridiculous|ugly|"
        "incompetent|lame|not very smart|not very helpful|not very good|not that smart|"
        "not that helpful|not good|not great|very bad|shut up|go away|get lost|piss off|fuck|"
        "fuck off|fuck you|f you|screw you|damn you|you suck|u suck|this sucks|sucks|i hate you|"
        "i hate this|hate you|you are fired|you're fired|you know nothing|"
        "you don't know anything|you understand nothing|you never help|you never understand|"
        "you can't do anything|is this a joke|is that a joke|are you stupid|are you dumb|"
        "are you kidding|are you kidding me|are you serious|what is wrong with you|"
        "what's wrong with you|wtf|ffs|you are not helping|you're not helping|why are you so"
    ),
    "joke": (
        "joke|jokes|pun|puns|riddle|riddles|something funny|make me laugh|make us laugh|"
        "make me smile|make us smile|cheer me up|cheer us up|amuse me|entertain me|knock knock|"
        "be funny|say something funny|sing a song|sing me a song|sing us a song|sing something|"
        "sing for me|sing for us|tell me a story|tell us a story|tell a story|a funny story|"
        "rap for me|a poem"
    ),
    "identity": (
        "who are you|who r u|what are you|who is beagle|what is beagle|who's beagle|who is this|"
        "who am i talking to|who am i speaking to|are you a bot|are you a robot|are you a human|"
        "are you human|are you a person|are you a real person|are you real|are you an ai|"
        "are you ai|are you a machine|are you chatgpt|what is your name|what's your name|"
        "whats your name|do you have a name|who made you|who built you|who created you|"
        "who wrote you|introduce yourself|tell me about yourself|tell us about yourself|"
        "tell me who you are|how old are you|where are you from|where do you live|do you sleep|"
        "do you dream|are you alive|are you married|or a human|or human|or a person|or a robot"
    ),
    "": (
        "beagle|bot|robot|chatbot|machine|ai|assistant|you|u|there|all|everyone|everybody|team|"
        "folks|guys|friend|mate|buddy|man|dude|again|so|so much|very|very much|much|really|too|"
        "just|then|now|today|tonight|tomorrow|a lot|indeed|please|pls|anyway|anyways|at all|ever|"
        "already|or|at this|hit me with|for now|in advance|also|well|actually|exactly|and|but|"
        "absolutely|totally|completely|utterly|such|such a|such an|a|an|the|you are|you're|youre|"
        "ur|u r|are you|you were|this is|that is|that's|thats|it is|it's|its|that was|this was|"
        "it was|you all|this bot is|this thing is|the bot is|beagle is|what a|my|piece of|me|us|"
        "tell me|tell us|tell|give me|give us|give|do you know|know|say|got|have you got|can you|"
        "could you|would you|will you|another|any|one more|some|one|good|funny|short|new|silly|"
        "bad|dad|quick|i want|i want to hear|i'd like|let's hear|lets hear|how about|to you|"
        "with that|with this|answer|your answer|this answer|that answer|thing|help|is|of|for me|"
        "for us|i think|i said|no|oh no|was|were|great|big|fucking|bloody|damn"
    ),
}
"""Phrases of each kind, separated by `|`. Those of the kind "" say nothing by themselves: only a
message that has another phrase, too, is small talk."""
